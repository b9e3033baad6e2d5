import type { BigIntStats } from 'node:fs';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Size of a mark on disk, fixed so that a shorter one leaves nothing of a longer one. */
const MARK_BYTES = 512;

/**
 * The file beside a database that records how far the last run came. It is separate, so that no copy of the database
 * includes it.
 */
export function markFileOf(file: string): string {
  return `${file}.run`;
}

/** The progress of a run. */
export interface RunMark {
  /** The run's name, also stored in `meta`. */
  run: string;
  /** The previous run, until `meta` has this one. */
  before?: string;
  /** The sum of all rooms' heads after the last commit; older after a power loss. */
  position: number;
  /** Identifies the database file. */
  database: string;
  /** Identifies the mark file itself: a copy of it that is put back has another identity. */
  mark: string;
}

/** A database's own account of itself at a start. */
export interface DatabaseState {
  run: string | undefined;
  position: number;
  /** Why a new epoch was demanded. */
  demanded: string | undefined;
}

/**
 * Why a database doesn't continue the last run beside it; undefined if it does. Three things give away a copy that was
 * put back: the run that wrote it last, its position, and the identity of its files.
 */
export function whyNotContinued(file: string, { run, position, demanded }: DatabaseState): string | undefined {
  if (demanded !== undefined) return demanded;
  const read = readMark(file);
  if (run === undefined || !read) return `no mark of its last run stands beside it (${markFileOf(file)})`;
  const { mark, isCopy } = read;
  if (isCopy) return 'the mark of its last run was put back from a copy';
  if (mark.database !== identityOf(file)) return 'its file is another one than that of the last run';
  if (mark.run !== run && mark.before !== run) return 'another run than the last one wrote it';
  if (mark.position > position) return `it lacks ${mark.position - position} events that the last run had`;
  return undefined;
}

/** Writes the mark into a new file. When this returns, it is whole and on disk. */
export function writeMark(file: string, run: Omit<RunMark, 'database' | 'mark'>): void {
  const path = markFileOf(file);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    const mark = { ...run, database: identityOf(file), mark: identity(fstatSync(descriptor, { bigint: true })) };
    writeSync(descriptor, bytesOf(mark), 0, MARK_BYTES, 0);
    fsyncSync(descriptor);
    renameSync(draft, path);
  } finally {
    closeSync(descriptor);
    rmSync(draft, { force: true });
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Keeps the mark up to date during a run. A killed process leaves it as it is. */
export class RunMarkKeeper {
  readonly #file: string;
  readonly #run: string;
  #descriptor: number | undefined;
  #mark: RunMark | undefined;

  constructor(file: string, run: string) {
    this.#file = file;
    this.#run = run;
  }

  /** Records how far the database has come. If that fails the mark stays older, which only makes it detect less. */
  keep(position: number): void {
    try {
      if (this.#descriptor === undefined || !this.#mark) {
        this.#descriptor = openSync(markFileOf(this.#file), 'r+');
        const mark = identity(fstatSync(this.#descriptor, { bigint: true }));
        this.#mark = { run: this.#run, position, database: identityOf(this.#file), mark };
      }
      this.#mark.position = position;
      writeSync(this.#descriptor, bytesOf(this.#mark), 0, MARK_BYTES, 0);
    } catch {
      this.close();
    }
  }

  /** Puts the mark into a new file, so that a copy of the old one can't be put back unnoticed. */
  renew(position: number): void {
    this.close();
    try {
      writeMark(this.#file, { run: this.#run, position });
    } catch {
      // The disk has no space for another file; the old one remains valid.
      this.keep(position);
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#mark = undefined;
  }
}

function readMark(file: string): { mark: RunMark; isCopy: boolean } | undefined {
  const path = markFileOf(file);
  try {
    const mark = JSON.parse(readFileSync(path, 'utf8')) as RunMark;
    return { mark, isCopy: mark.mark !== identityOf(path) };
  } catch {
    return undefined;
  }
}

function identityOf(path: string): string {
  return identity(statSync(path, { bigint: true }));
}

/** Tells a file from its copies. Ignores the device, whose number may change when the machine restarts. */
function identity({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}@${birthtimeNs}`;
}

function bytesOf(mark: RunMark): Buffer {
  return Buffer.from(`${JSON.stringify(mark)}\n`.padEnd(MARK_BYTES));
}
