import Database from 'better-sqlite3';
import { closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { StartError } from '../../errors.js';
import { metaKeys } from '../epoch.js';
import { makePrivateFile, makePrivateFolder } from '../private-files.js';
import { openForReading, openForWriting } from './connection.js';
import { markFileOf } from './run-mark.js';
import { explain, FILE_ENDS, lockFile } from './store.js';

/** How long a hold waits for a commit that is under way, in ms. */
const HOLD_TIMEOUT_MS = 5000;

/** Pages that are copied at a time. */
const PAGES_A_STEP = 2000;

/** What a copy and its original are compared by. */
interface Contents {
  rows: number;
  messages: number;
  rooms: number;
  /** All rooms' heads together. */
  events: number;
}

/** What a backup tells whoever waits for it. */
export interface BackupProgress {
  phase: 'copying' | 'checking';
  /** From 0 to 1. */
  share: number;
}

/** What a backup holds. */
export type BackupSummary = Contents & { bytes: number };

/**
 * Copies a database as it is at one moment, also while a server runs on it, however busy it is. The copy is one file, for its
 * owner alone; it is read through, and compared with what was there at that moment, before it gets its name. A server that
 * starts on it begins a new epoch.
 * @throws StartError in plain words; nothing is left of a copy that failed
 */
export async function backUpDatabase(
  file: string,
  target: string,
  isOverwriting: boolean,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupSummary> {
  if (!existsSync(file)) throw new StartError(`There is no database ${file}.`);
  if (statSync(file).isDirectory()) throw new StartError(`${file} is a folder. Name the file in it.`);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}`);
  try {
    refuseTarget(target, isOverwriting);
    makePrivateFolder(dirname(target));
    makePrivateFile(draft);
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(explain(target, error));
  }
  try {
    const contents = await copyMoment(file, draft, onProgress);
    onProgress({ phase: 'checking', share: 0 });
    seal(draft, contents);
    onProgress({ phase: 'checking', share: 1 });
    renameSync(draft, target);
    syncToDisk(dirname(target));
    return { ...contents, bytes: statSync(target).size };
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(explain(target, error));
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${end}`, { force: true });
  }
}

/**
 * Puts a backup where a data folder's database was. What was there is kept beside it, under another name. The next start
 * begins a new epoch.
 * @returns under which name the database that was there is kept; undefined when there was none
 * @throws StartError in plain words: the folder is in use, or the backup damaged; then nothing was changed
 */
export async function restoreDatabase(
  backup: string,
  file: string,
  onProgress: (progress: BackupProgress) => void,
): Promise<{ kept: string | undefined; summary: BackupSummary }> {
  const lock = lockFile(file);
  try {
    const draft = `${file}.restored-${process.pid}`;
    const summary = await backUpDatabase(backup, draft, true, onProgress);
    const kept = existsSync(file) ? `${file}.before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
    // Its WAL goes with it, and must on no account stay for the one that comes.
    if (kept !== undefined) {
      for (const end of ['-wal', '']) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${kept}${end}`);
    }
    for (const stale of [`${file}-wal`, `${file}-shm`, markFileOf(file)]) rmSync(stale, { force: true });
    renameSync(draft, file);
    syncToDisk(dirname(file));
    return { kept, summary };
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(explain(file, error));
  } finally {
    lock.close();
  }
}

/** What is replaced is a backup or the like: no folder, no device, and nothing that a server may have open. */
function refuseTarget(target: string, isOverwriting: boolean): void {
  const there = lstatSync(resolve(target), { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new StartError(`${resolve(target)} is a folder. Give the copy a name in it.`);
  if (target.endsWith('/')) throw new StartError(`${target} is to be a file. Leave the slash at its end out.`);
  if (there && !there.isFile()) throw new StartError(`${target} is no plain file. Choose another name.`);
  if (there && !isOverwriting) {
    throw new StartError(`${target} is there already. Choose another name, or add --force to replace it.`);
  }
  const bases = FILE_ENDS.filter((end) => target.endsWith(end)).map((end) =>
    target.slice(0, target.length - end.length),
  );
  if (there && bases.some((base) => existsSync(`${base}.lock`))) {
    throw new StartError(
      `${target} belongs to a data folder's database. Choose another name; madang restore puts a backup there.`,
    );
  }
}

/** Holds a database's write lock, so that nobody else can commit, until it is released. */
export function holdDatabase(file: string): { release(): void } {
  const database = openForWriting(file);
  database.pragma(`busy_timeout = ${HOLD_TIMEOUT_MS}`);
  database.exec('BEGIN IMMEDIATE');
  return { release: () => database.close() };
}

async function copyMoment(
  file: string,
  target: string,
  onProgress: (progress: BackupProgress) => void,
): Promise<Contents> {
  const database = openForReading(file);
  try {
    // Within one read all steps see one moment. Without it each commit by a server would make the copy begin again.
    database.exec('BEGIN');
    const contents = contentsOf(database);
    await database.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress({ phase: 'copying', share: totalPages === 0 ? 1 : 1 - remainingPages / totalPages });
        return PAGES_A_STEP;
      },
    });
    return contents;
  } finally {
    database.close();
  }
}

/** Makes a copy one file by itself, marks it as a copy, reads it through, and sees to it that it is on the disk. */
function seal(file: string, expected: Contents): void {
  const database = new Database(file);
  try {
    database.pragma('journal_mode = DELETE');
    const damage = String(database.pragma('integrity_check(1)', { simple: true }));
    const copied = contentsOf(database);
    if (damage !== 'ok' || JSON.stringify(copied) !== JSON.stringify(expected)) {
      throw new StartError(`The copy is not what was copied (${damage.replaceAll(/\s+/g, ' ')}); it was removed.`);
    }
    const reason = `it is a backup, made at ${new Date().toISOString()}`;
    database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(metaKeys.newEpoch, reason);
  } finally {
    database.close();
  }
  syncToDisk(file);
}

function contentsOf(database: Database.Database): Contents {
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .pluck()
    .all() as string[];
  if (!['meta', 'rooms', 'messages'].every((table) => tables.includes(table))) {
    throw new StartError(`${database.name} is no database of Madang's.`);
  }
  const numberOf = (query: string) => database.prepare(query).pluck().get() as number;
  const counts = tables.map((table) => numberOf(`SELECT count(*) FROM "${table}"`));
  return {
    rows: counts.reduce((sum, count) => sum + count, 0),
    messages: numberOf('SELECT count(*) FROM messages'),
    rooms: numberOf('SELECT count(*) FROM rooms'),
    events: numberOf('SELECT COALESCE(sum(head), 0) FROM rooms'),
  };
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
