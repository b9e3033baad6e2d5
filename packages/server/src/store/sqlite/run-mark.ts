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

/** What a mark takes on the disk, so that a shorter one leaves nothing of a longer. */
const MARK_BYTES = 512;

/** The file beside a database that tells how far the last run came. It stays outside, so that no copy of the database has it. */
export function markFileOf(file: string): string {
  return `${file}.run`;
}

/** How far a run has come. */
export interface RunMark {
  /** The run, as `meta` has it too. */
  run: string;
  /** The run before, until `meta` has this one. */
  before?: string;
  /** All rooms' heads together, in the database after its last commit; older after a power loss. */
  position: number;
  /** Which file the database is. */
  database: string;
  /** Which file the mark itself is: a copy of it that is put back says something else. */
  mark: string;
}

/** What a database says of itself at a start. */
export interface DatabaseState {
  run: string | undefined;
  position: number;
  /** Why somebody wants a new epoch. */
  demanded: string | undefined;
}

/**
 * Why a database isn't the continuation of the last run beside it; undefined if it is. Copies that were put back are told
 * by three things: the run that wrote them last, how far they go, and which files they are.
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

/** Writes the mark in a new file, so that it is on the disk, whole, when this returns. */
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

/** Keeps the mark up to date while a run lasts. A process that is killed leaves it as it is. */
export class RunMarkKeeper {
  readonly #file: string;
  readonly #run: string;
  #descriptor: number | undefined;
  #mark: RunMark | undefined;

  constructor(file: string, run: string) {
    this.#file = file;
    this.#run = run;
  }

  /** Says how far the database has come. A mark that can't be written stays older, which only sees less. */
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

  /** Puts the mark into a new file: a copy of the old one can't be put back unnoticed. */
  renew(position: number): void {
    this.close();
    try {
      writeMark(this.#file, { run: this.#run, position });
    } catch {
      // A disk without room for another file: the old one still holds.
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

/** Tells a file from its copies. Not the device: its number may be another after the machine has started again. */
function identity({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}@${birthtimeNs}`;
}

function bytesOf(mark: RunMark): Buffer {
  return Buffer.from(`${JSON.stringify(mark)}\n`.padEnd(MARK_BYTES));
}
