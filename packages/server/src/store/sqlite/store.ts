import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../clock.js';
import { messageOf, StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { sqliteDialect } from '../dialect.js';
import { enterHistory, metaKeys, NEW_EPOCH, positionOf, readMeta } from '../epoch.js';
import { type Failure, type FailureKind, PROBE_CHARS, StoreHealth } from '../health.js';
import { migrate, refuseForeign, refuseUnfinishedCopy } from '../migrate.js';
import { runNow } from '../prepared.js';
import { isOpenToOthers, keepPrivate, makePrivateFile, makePrivateFolder } from '../private-files.js';
import { setBlocked } from '../queries/blocks.js';
import { raiseLogStart } from '../queries/retention.js';
import { EVENT_COLUMNS, type EventRecord, type Schema } from '../schema.js';
import type { Append, AppendResult, LogMonths, RoomAccess, Store } from '../store.js';
import { unavailable } from '../unavailable.js';
import { AccessCache } from './access-cache.js';
import { decodeResults, encodeBatch, type ResultsWire } from './batch-wire.js';
import { openForReading, openForWriting, preparingOnce } from './connection.js';
import { type Loss, LOST, lossWords } from './open-files.js';
import { markFileOf, whyNotContinued, writeMark } from './run-mark.js';
import { workerDialect } from './worker-dialect.js';
import type { Sight, WorkerAnswer, WorkerRequest, WorkerStart } from './write-worker.js';

/** A database up to this size is checked for damage at the start; a larger one would keep people waiting. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** A WAL that stays above this many bytes is worth a warning, and again each time it has doubled. */
const LARGE_WAL_BYTES = 64 * 1024 * 1024;

/** Suffixes of a database's files, its own first. */
export const FILE_ENDS = ['', '-wal', '-shm', '.lock', '.run'];

/** Prefixes of SQLite's error codes, by kind of failure. */
const FAILURES: [string, FailureKind][] = [
  [LOST, 'taken-away'],
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_CANTOPEN', 'read-only'],
  ['SQLITE_IOERR', 'io-error'],
  ['SQLITE_BUSY', 'locked'],
  ['SQLITE_LOCKED', 'locked'],
  ['SQLITE_CORRUPT', 'damaged'],
  ['SQLITE_NOTADB', 'damaged'],
  ['SQLITE_NOMEM', 'memory'],
];

/** The state in which a server's run begins. */
interface Run {
  /** The run's name, in the database and in the mark beside it. */
  name: string;
  epoch: string;
}

/**
 * Opens the SQLite store in a file. Creates it if it doesn't exist, and migrates an older one.
 * @throws StartError in plain words: not writable, in use, damaged, newer.
 */
export async function openSqliteStore(file: string, logger: Logger): Promise<Store> {
  const lock = lockFile(file);
  let store: SqliteStore | undefined;
  try {
    store = new SqliteStore(file, await prepare(file, logger), lock, logger);
    await refuseUnfinishedCopy(store.read, file);
    await store.check();
    return store;
  } catch (error) {
    await store?.close();
    lock.close();
    throw error instanceof StartError ? error : new StartError(explain(file, error));
  }
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
export async function prepare(file: string, logger: Logger): Promise<Run> {
  const isThere = existsSync(file) && statSync(file).size > 0;
  if (isThere) await refuseUnusable(file);
  else if (existsSync(markFileOf(file))) {
    logger.warn(`the database ${file} was here before, and is gone: beginning with an empty one`);
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
): Promise<Run> {
  const position = await positionOf(db);
  const before = await readMeta(db, metaKeys.history);
  const reason = isThere
    ? whyNotContinued(file, { run: before, position, demanded: await readMeta(db, metaKeys.newEpoch) })
    : undefined;
  const name = randomUUID().slice(0, 13);
  writeMark(file, { run: name, ...(before !== undefined && { before }), position });
  const epoch = await enterHistory(db, name, reason !== undefined);
  writeMark(file, { run: name, position });
  if (reason !== undefined) {
    logger.warn({ epoch, reason }, NEW_EPOCH);
  }
  return { name, epoch };
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

/** Why a file can't be opened, in plain words. */
export function explain(file: string, error: unknown): string {
  if (isCode(error, 'SQLITE_NOTADB') || isCode(error, 'SQLITE_CORRUPT')) {
    return `The database ${file} is damaged or no SQLite database. Restore a backup, or choose another folder with --data.`;
  }
  if (isCode(error, 'SQLITE_BUSY'))
    return `The database ${file} is locked by another program. Close it and start again.`;
  const unwritable = ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENOENT'];
  if (unwritable.some((code) => isCode(error, code)) || messageOf(error).includes('directory does not exist')) {
    return `The folder ${dirname(file)} can't be written to. Make it writable, or choose another with --data.`;
  }
  if (isCode(error, 'SQLITE_FULL') || isCode(error, 'ENOSPC')) return `The disk of ${file} is full.`;
  return `The database ${file} can't be opened: ${messageOf(error)}.`;
}

function isCode(error: unknown, prefix: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith(prefix);
}

class SqliteStore implements Store {
  readonly epoch: string;
  readonly place: string;
  readonly clock = systemClock;
  readonly read: Kysely<Schema>;
  readonly write: Kysely<Schema>;
  readonly #lock: Database.Database;
  readonly #database: Database.Database;
  readonly #access: Database.Statement;
  readonly #accessCache = new AccessCache();
  readonly #events: Database.Statement;
  readonly #worker: Worker;
  readonly #health: StoreHealth;
  readonly #logger: Logger;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #closed = false;
  #broken: string | undefined;
  #loss: Loss | undefined;
  /**
   * Events whose send was refused while the files were gone may be in them when they return: a commit can be cut off
   * half way.
   */
  #isUntold = false;
  readonly #untoldListeners: (() => void)[] = [];
  #walBytes = 0;
  #walWarnedAt = LARGE_WAL_BYTES / 2;

  constructor(file: string, { name, epoch }: Run, lock: Database.Database, logger: Logger) {
    this.epoch = epoch;
    this.place = epoch;
    this.#logger = logger;
    this.#health = new StoreHealth(logger);
    this.#lock = lock;
    this.#database = openForReading(file);
    const prepared = preparingOnce(this.#database);
    const reader = { prepare: (text: string) => this.#guarded(prepared(text)), close: () => undefined };
    this.read = new Kysely<Schema>({ dialect: new SqliteDialect({ database: reader }) });
    runNow(this.read, (sql, parameters) => this.#all(prepared(sql), parameters));
    this.write = new Kysely<Schema>({
      dialect: workerDialect((sql, values) => this.#ask((id) => ({ id, kind: 'statement', sql, values }))),
    });
    this.#access = this.#database.prepare(
      `SELECT rooms.id AS room, rooms.kind AS kind, rooms.head AS head, rooms.log_start AS "logStart",
         rooms.blocked AS blocked, members.role AS role
       FROM rooms LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = ? WHERE rooms.id = ?`,
    );
    this.#events = this.#database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#worker = new Worker(new URL('write-worker.js', import.meta.url), {
      workerData: { file, run: name } satisfies WorkerStart,
    });
    this.#worker.on('message', (answer: WorkerAnswer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#failAll(messageOf(error)));
    this.#worker.on('exit', () => this.#failAll('the writer ended'));
  }

  async commit(batch: readonly Append[]): Promise<AppendResult[]> {
    try {
      const results = decodeResults(
        await this.#ask<ResultsWire>((id) => ({ id, kind: 'commit', batch: encodeBatch(batch) })),
      );
      this.#health.worked();
      this.#accessCache.follow(batch, results);
      return results;
    } catch (error) {
      this.#accessCache.clear();
      throw error;
    }
  }

  async access(room: string, user: string): Promise<RoomAccess | undefined> {
    const kept = this.#accessCache.get(room, user);
    if (kept) return kept;
    const [access] = this.#all(this.#access, [user, room]) as RoomAccess[];
    if (access) this.#accessCache.keep(access, user);
    return access;
  }

  async events(room: string, after: number, limit: number): Promise<EventRecord[]> {
    return this.#all(this.#events, [room, after, limit]) as EventRecord[];
  }

  async setBlocked(room: string, blocked: boolean): Promise<void> {
    await setBlocked(this.write, room, blocked);
    this.#accessCache.forget(room);
  }

  async raiseLogStart(room: string, seq: number): Promise<void> {
    await raiseLogStart(this.write, room, seq);
    this.#accessCache.forget(room);
  }

  async alone(work: (months: LogMonths) => Promise<void>): Promise<boolean> {
    await work({ newestEnd: () => Promise.resolve(undefined), drop: () => Promise.resolve(true) });
    return true;
  }

  get trouble(): string | undefined {
    return this.#health.trouble;
  }

  get notice(): string | undefined {
    return this.#walBytes < LARGE_WAL_BYTES ? undefined : walWords(this.#walBytes);
  }

  /**
   * Only this process writes to the database, so a run has one epoch; but the files may return with events that nobody
   * received.
   */
  onNewEpoch(listener: () => void): void {
    this.#untoldListeners.push(listener);
  }

  /** There is no other node. */
  saw(): void {
    return undefined;
  }

  async check(): Promise<void> {
    if (this.#health.isDoubtful) throw unavailable(this.#health.trouble);
    // As large as a real send and different each time, so that a full disk shows.
    const value = randomBytes(PROBE_CHARS / 2).toString('hex');
    await this.write.replaceInto('meta').values({ key: metaKeys.probe, value }).execute();
    this.#health.worked();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    // Whoever closes last checkpoints the WAL, and a read-only connection can't. What is left of files that were taken
    // away must not be written anywhere.
    const isWritten = this.#loss === undefined;
    if (isWritten) this.#database.close();
    if (!this.#broken) {
      await this.#ask((id) => ({ id, kind: 'close' })).catch(() => undefined);
      await exited;
    }
    if (!isWritten) this.#database.close();
    this.#lock.close();
  }

  /** Reads all rows of a statement. If the file can't be read, the store is unavailable. */
  #all(statement: Database.Statement, parameters: readonly unknown[]): unknown[] {
    try {
      return statement.all(parameters);
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      const failure = failureOf(error);
      if (failure.kind === 'other') throw error;
      this.#health.failed(failure, false);
      throw unavailable(failure.reason);
    }
  }

  /** Wraps a statement for the query builder. */
  #guarded(statement: Database.Statement) {
    return {
      reader: statement.reader,
      all: (parameters: readonly unknown[]) => this.#all(statement, parameters),
      run: (parameters: readonly unknown[]) => statement.run(parameters),
      iterate: (parameters: readonly unknown[]) => statement.iterate(parameters),
    };
  }

  #ask<Result>(request: (id: number) => WorkerRequest): Promise<Result> {
    if (this.#broken) return Promise.reject(unavailable(this.#broken));
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
    });
  }

  #answered(answer: WorkerAnswer): void {
    if ('seen' in answer) return this.#see(answer.seen);
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) {
      const failure = failureOf(answer.error);
      // A statement that is itself wrong says nothing about the store.
      this.#health.failed(failure, failure.kind !== 'other');
      this.#isUntold ||= failure.kind === 'taken-away';
      waiting?.reject(unavailable(failure.reason));
      return;
    }
    if (this.#isUntold) this.#lookAgain();
    waiting?.resolve(answer.result as never);
  }

  /** The files are back: everything known here is read again before any of it is delivered. */
  #lookAgain(): void {
    this.#isUntold = false;
    this.#accessCache.clear();
    for (const listener of this.#untoldListeners) listener();
  }

  /** Takes in what the write thread has seen of the files. */
  #see({ loss, walBytes }: Sight): void {
    if (loss && loss !== this.#loss) {
      this.#health.failed({ kind: 'taken-away', reason: lossWords[loss] });
    }
    this.#loss = loss;
    this.#walBytes = walBytes;
    if (walBytes < LARGE_WAL_BYTES) this.#walWarnedAt = LARGE_WAL_BYTES / 2;
    else if (walBytes >= 2 * this.#walWarnedAt) {
      this.#walWarnedAt = walBytes;
      this.#logger.warn({ walBytes }, walWords(walBytes));
    }
  }

  #failAll(reason: string): void {
    this.#broken ??= reason;
    for (const { reject } of this.#waiting.values()) reject(unavailable(reason));
    this.#waiting.clear();
  }
}

function failureOf({ code, message }: { code: string; message: string }): Failure {
  const kind = FAILURES.find(([begin]) => code.startsWith(begin))?.[1] ?? 'other';
  return { kind, reason: kind === 'taken-away' ? message : `${code} ${message}` };
}

function walWords(bytes: number): string {
  const size = Math.round(bytes / 1024 ** 2);
  return `the write-ahead log has grown to ${size} MB: another program has been reading the database for long`;
}
