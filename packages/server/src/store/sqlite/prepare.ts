import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { sqliteDialect } from '../dialect.js';
import { enterHistory, metaKeys, NEW_EPOCH, positionOf, readMeta } from '../epoch.js';
import { migrate, refuseForeign } from '../migrate.js';
import { isOpenToOthers, keepPrivate, makePrivateFile, makePrivateFolder } from '../private-files.js';
import type { Schema } from '../schema.js';
import { openForReading, openForWriting } from './connection.js';
import { explain, isCode } from './failures.js';
import { markFileOf, whyNotContinued, writeMark } from './history.js';

/** A database up to this size is checked for damage at the start; a larger one would keep people waiting. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** Suffixes of a database's files, its own first. */
export const FILE_ENDS = ['', '-wal', '-shm', '.lock', '.run'];

/** The state in which a server's run begins. */
export interface Beginning {
  /** The run's name, in the database and in the mark beside it. */
  run: string;
  epoch: string;
}

/** Holds a lock for as long as the process lives: two servers on one file would not see each other's messages. */
export function lockFile(file: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    makePrivateFolder(dirname(file));
    makePrivateFile(`${file}.lock`);
    // Before it is opened, because SQLite gives new files beside it the same mode.
    keepPrivate(`${file}.lock`);
    lock = new Database(`${file}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    throw new StartError(
      isCode(error, 'SQLITE_BUSY')
        ? `The database ${file} is in use by another Madang. Stop that one, or choose another folder with --data.`
        : explain(file, error),
    );
  }
}

/**
 * Refuses a damaged or newer file, migrates it, and begins a run on it: with a new epoch, if it isn't what the last run
 * left.
 */
export async function prepare(file: string, logger: Logger): Promise<Beginning> {
  const isThere = existsSync(file) && statSync(file).size > 0;
  if (isThere) await refuseUnusable(file);
  else if (existsSync(markFileOf(file))) {
    logger.warn(`the database ${file} was here before, and is gone: starting with an empty one`);
  }
  tightenFiles(file, logger);
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: openForWriting(file) }) });
  try {
    await migrate(db, sqliteDialect);
    return await beginRun(db, { file, isThere, logger });
  } finally {
    await db.destroy();
  }
}

/** The files are for the server's own user alone, whatever the umask is or was when they were created. */
function tightenFiles(file: string, logger: Logger): void {
  const folder = dirname(file);
  if (isOpenToOthers(folder)) {
    logger.warn(`other users of this machine can look into ${folder}; chmod 700 keeps them out`);
  }
  makePrivateFile(file);
  const files = FILE_ENDS.map((end) => `${file}${end}`);
  const opened = files.filter((each) => keepPrivate(each));
  if (opened.length > 0) logger.warn({ files: opened }, 'other users could use these files; they no longer can');
}

/**
 * Begins a run: first in the mark, which also names the previous run, then in the database. Wherever that is
 * interrupted, the next start finds one of the two runs.
 */
async function beginRun(
  db: Kysely<Schema>,
  { file, isThere, logger }: { file: string; isThere: boolean; logger: Logger },
): Promise<Beginning> {
  const position = await positionOf(db);
  const before = await readMeta(db, metaKeys.history);
  const reason = isThere
    ? whyNotContinued(file, { run: before, position, demanded: await readMeta(db, metaKeys.newEpoch) })
    : undefined;
  const run = randomUUID().slice(0, 13);
  writeMark(file, { run, ...(before !== undefined && { before }), position });
  const epoch = await enterHistory(db, run, reason !== undefined);
  writeMark(file, { run, position });
  if (reason !== undefined) {
    logger.warn({ epoch, reason }, NEW_EPOCH);
  }
  return { run, epoch };
}

/** Checks a database without changing it. */
async function refuseUnusable(file: string): Promise<void> {
  const existing = openForReading(file);
  const reader = new Kysely<Schema>({ dialect: new SqliteDialect({ database: existing }) });
  try {
    const isChecked = statSync(file).size <= MAX_CHECKED_BYTES;
    const damage = isChecked ? String(existing.pragma('quick_check(1)', { simple: true })) : 'ok';
    if (damage !== 'ok') {
      const words = damage.replaceAll(/\s+/g, ' ');
      throw new StartError(`The database ${file} is damaged (${words}). Restore a backup.`);
    }
    await refuseForeign(reader, file);
  } finally {
    await reader.destroy();
  }
}
