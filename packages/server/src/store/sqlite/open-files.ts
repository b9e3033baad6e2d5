import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';

/** The first bytes of a write-ahead log, in either byte order. */
const WAL_MAGIC = [0x377f0682, 0x377f0683];
const DATABASE_MAGIC = 'SQLite format 3\0';

/** Sizes of the write-ahead log's header and of the one before each of its pages, in bytes. */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** Offset of the number of pages in the log's index. */
const FRAMES_AT = 16;

/** Why commits from now on would be lost. */
export type Loss = 'removed' | 'replaced' | 'truncated';

/** Prefix of the error code that reports a loss. */
export const LOST = 'LOST_';

/** Words for an operator about each loss. */
export const lossWords: Record<Loss, string> = {
  removed:
    'the database file is gone (moved, removed, or its file system unmounted). Put it back, or restart Madang to begin with whatever is there',
  replaced:
    "another file is in the database's place. Put the database back, or restart Madang to continue with that file",
  truncated: 'another program has cut or overwritten the database. Stop Madang, and restore a backup',
};

/**
 * Checks that the files that SQLite has open are still those in the folder, and whole. SQLite itself would go on
 * committing into a removed file, and all of that would be lost with the process.
 *
 * The descriptors stay open as long as the database: closing one of a file's releases all locks that the process has on
 * it.
 */
export class OpenFiles {
  readonly #file: string;
  readonly #database: Stats;
  readonly #wal: Stats;
  readonly #index: Stats;
  readonly #frameBytes: number;
  readonly #descriptors: { database: number; wal: number; index: number };
  readonly #header = Buffer.alloc(DATABASE_MAGIC.length);
  readonly #hasOtherWriters: () => boolean;
  #databaseBytes: number;

  /** `hasOtherWriters` says whether another program has ever committed: it may make the file smaller. */
  constructor(file: string, pageBytes: number, hasOtherWriters: () => boolean) {
    this.#file = file;
    this.#frameBytes = FRAME_HEADER_BYTES + pageBytes;
    this.#hasOtherWriters = hasOtherWriters;
    this.#database = statSync(file);
    this.#wal = statSync(`${file}-wal`);
    this.#index = statSync(`${file}-shm`);
    this.#databaseBytes = this.#database.size;
    this.#descriptors = {
      database: openSync(file, 'r'),
      wal: openSync(`${file}-wal`, 'r'),
      index: openSync(`${file}-shm`, 'r'),
    };
  }

  /** The size of the write-ahead log, in bytes. */
  get walBytes(): number {
    return statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Whether the database is still in its place. Costs one look at the folder. */
  isThere(): boolean {
    const database = look(this.#file);
    return database !== undefined && isSame(database, this.#database);
  }

  /** Why commits from now on would be lost; undefined if they wouldn't. Costs a few microseconds. */
  loss(): Loss | undefined {
    const database = look(this.#file);
    const wal = look(`${this.#file}-wal`);
    if (!database || !wal) return 'removed';
    if (!isSame(database, this.#database) || !isSame(wal, this.#wal)) return 'replaced';
    if (!this.#isWalWhole(wal.size) || !this.#isDatabaseWhole(database.size)) return 'truncated';
    return undefined;
  }

  /** The same, plus checks that cost too much to make with each commit. */
  lossOfAny(): Loss | undefined {
    const index = look(`${this.#file}-shm`);
    const loss = this.loss();
    if (loss) return loss;
    if (!index) return 'removed';
    return isSame(index, this.#index) ? undefined : 'replaced';
  }

  close(): void {
    for (const descriptor of Object.values(this.#descriptors)) closeSync(descriptor);
  }

  #isWalWhole(bytes: number): boolean {
    const frames = this.#read(this.#descriptors.index, FRAMES_AT, 4).readUInt32LE();
    if (frames === 0) return true;
    if (bytes < WAL_HEADER_BYTES + frames * this.#frameBytes) return false;
    return WAL_MAGIC.includes(this.#read(this.#descriptors.wal, 0, 4).readUInt32BE());
  }

  #isDatabaseWhole(bytes: number): boolean {
    const isSmaller = bytes < this.#databaseBytes;
    if (isSmaller && !this.#hasOtherWriters()) return false;
    this.#databaseBytes = bytes;
    if (!isSmaller) return true;
    return (
      this.#read(this.#descriptors.database, 0, DATABASE_MAGIC.length).toString('latin1', 0, DATABASE_MAGIC.length) ===
      DATABASE_MAGIC
    );
  }

  #read(descriptor: number, at: number, length: number): Buffer {
    this.#header.fill(0);
    readSync(descriptor, this.#header, 0, length, at);
    return this.#header;
  }
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // The folder can't be read, or the file system doesn't answer.
    return undefined;
  }
}

function isSame(now: Stats, then: Stats): boolean {
  return now.ino === then.ino && now.dev === then.dev;
}
