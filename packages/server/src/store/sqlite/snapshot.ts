import Database from 'better-sqlite3';
import { closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { StartError } from '../../errors.js';
import { metaKeys } from '../epoch.js';
import { makePrivateFile, makePrivateFolder } from '../private-files.js';
import { openForReading, openForWriting } from './connection.js';
import { markFileOf } from './history.js';
import { explain } from './failures.js';
import { FILE_ENDS, lockFile } from './prepare.js';

/** How long a hold waits for a commit in progress, in ms. */
const HOLD_TIMEOUT_MS = 5000;

/** Pages to copy at a time. */
const PAGES_A_STEP = 2000;

/** What a copy and its original are compared by. */
interface Contents {
  rows: number;
  messages: number;
  rooms: number;
  /** The sum of all rooms' heads. */
  events: number;
}

/** Progress for the caller to show. */
export interface BackupProgress {
  phase: 'copying' | 'checking';
  /** From 0 to 1. */
  share: number;
}

/** What a backup holds. */
export type BackupSummary = Contents & { bytes: number };

/**
 * Copies a database as of one moment, even while a server runs on it, however busy it is. The copy is a single file,
 * for its owner alone. Before it gets its name, all of it is read and compared with the database of that moment. A
 * server that starts on it begins a new epoch.
 * @throws StartError in plain words; nothing is left of a failed copy
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
 * Restores a backup in place of a data folder's database, which is kept beside it under another name. The next start
 * begins a new epoch.
 * @returns the name under which the previous database is kept; undefined if there was none
 * @throws StartError in plain words: the folder is in use, or the backup is damaged; nothing has changed then
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
    // Its WAL must move with it, and must on no account remain for the new database.
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

/** Only a backup or a similar file may be replaced: no folder, no device, and nothing that a server may have open. */
function refuseTarget(target: string, isOverwriting: boolean): void {
  const there = lstatSync(resolve(target), { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new StartError(`${resolve(target)} is a folder. Give the copy a name in it.`);
  if (target.endsWith('/')) throw new StartError(`${target} must be a file. Remove the slash at the end.`);
  if (there && !there.isFile()) throw new StartError(`${target} is not a regular file. Choose another name.`);
  if (there && !isOverwriting) {
    throw new StartError(`${target} already exists. Choose another name, or add --force to replace it.`);
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

/** Holds a database's write lock until released, so that nobody else can commit. */
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
    // Within one read transaction all steps see the same moment. Otherwise each commit by a server would restart the
    // copy.
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

/** Turns a copy into a single file, marks it as a copy, reads all of it, and syncs it to disk. */
function seal(file: string, expected: Contents): void {
  const database = new Database(file);
  try {
    database.pragma('journal_mode = DELETE');
    const damage = String(database.pragma('integrity_check(1)', { simple: true }));
    const copied = contentsOf(database);
    if (damage !== 'ok' || JSON.stringify(copied) !== JSON.stringify(expected)) {
      throw new StartError(`The copy differs from the original (${damage.replaceAll(/\s+/g, ' ')}); it was removed.`);
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
    throw new StartError(`${database.name} is not a Madang database.`);
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
