import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf, StartError } from '../../errors.js';
import { sqliteDialect } from '../dialect.js';
import { migrate, refuseForeign, refuseUnfinishedCopy } from '../migrate.js';
import { runNow } from '../prepared.js';
import { setBlocked } from '../queries/blocks.js';
import { raiseFloor } from '../queries/retention.js';
import { EVENT_COLUMNS, type EventRecord, type Schema } from '../schema.js';
import type { Append, AppendResult, LogMonths, RoomAccess, Store } from '../store.js';
import { unavailable } from '../unavailable.js';
import { AccessCache } from './access-cache.js';
import { decodeResults, encodeBatch, type ResultsWire } from './batch-wire.js';
import { openForReading, openForWriting, preparingOnce } from './connection.js';
import { workerDialect } from './worker-dialect.js';
import type { WorkerAnswer, WorkerRequest } from './write-worker.js';

/** A database up to this size is read through for damage at the start; a larger one would keep people waiting. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/**
 * Opens the SQLite store in a file; makes it if it isn't there, migrates it if it is older.
 * @throws StartError in plain words: not writable, in use, damaged, newer.
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const lock = lockFile(file);
  let store: SqliteStore | undefined;
  try {
    const epoch = await prepare(file);
    store = new SqliteStore(file, epoch, lock);
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
    makeFolder(dirname(file));
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

/** Refuses a file that is damaged or newer, and migrates it. Returns its epoch. */
export async function prepare(file: string): Promise<string> {
  if (existsSync(file)) await refuseUnusable(file);
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: openForWriting(file) }) });
  try {
    return await migrate(db, sqliteDialect);
  } finally {
    await db.destroy();
  }
}

/** Looks at a database without touching it. */
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

/** Makes a folder and those above it. Node's own recursive mkdir never returns where none can be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
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
  readonly read: Kysely<Schema>;
  readonly write: Kysely<Schema>;
  readonly #lock: Database.Database;
  readonly #database: Database.Database;
  readonly #access: Database.Statement;
  readonly #accessCache = new AccessCache();
  readonly #events: Database.Statement;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #closed = false;
  #broken: string | undefined;

  constructor(file: string, epoch: string, lock: Database.Database) {
    this.epoch = epoch;
    this.#lock = lock;
    this.#database = openForReading(file);
    const prepared = preparingOnce(this.#database);
    const reader = { prepare: prepared, close: () => undefined };
    this.read = new Kysely<Schema>({ dialect: new SqliteDialect({ database: reader }) });
    runNow(this.read, (sql, parameters) => prepared(sql).all(parameters));
    this.write = new Kysely<Schema>({
      dialect: workerDialect((sql, values) => this.#ask((id) => ({ id, kind: 'statement', sql, values }))),
    });
    this.#access = this.#database.prepare(
      `SELECT rooms.id AS room, rooms.kind AS kind, rooms.head AS head, rooms.floor AS floor,
         rooms.blocked AS blocked, members.role AS role
       FROM rooms LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = ? WHERE rooms.id = ?`,
    );
    this.#events = this.#database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#worker = new Worker(new URL('write-worker.js', import.meta.url), { workerData: { file } });
    this.#worker.on('message', (answer: WorkerAnswer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#failAll(messageOf(error)));
    this.#worker.on('exit', () => this.#failAll('the writer ended'));
  }

  async commit(batch: readonly Append[]): Promise<AppendResult[]> {
    try {
      const results = decodeResults(
        await this.#ask<ResultsWire>((id) => ({ id, kind: 'commit', batch: encodeBatch(batch) })),
      );
      this.#accessCache.follow(batch, results);
      return results;
    } catch (error) {
      this.#accessCache.clear();
      throw error;
    }
  }

  access(room: string, user: string): Promise<RoomAccess | undefined> {
    const kept = this.#accessCache.get(room, user);
    if (kept) return Promise.resolve(kept);
    const access = this.#access.get(user, room) as RoomAccess | undefined;
    if (access) this.#accessCache.keep(access, user);
    return Promise.resolve(access);
  }

  events(room: string, after: number, limit: number): Promise<EventRecord[]> {
    return Promise.resolve(this.#events.all(room, after, limit) as EventRecord[]);
  }

  async setBlocked(room: string, blocked: boolean): Promise<void> {
    await setBlocked(this.write, room, blocked);
    this.#accessCache.forget(room);
  }

  async raiseFloor(room: string, seq: number): Promise<void> {
    await raiseFloor(this.write, room, seq);
    this.#accessCache.forget(room);
  }

  async alone(work: (months: LogMonths) => Promise<void>): Promise<boolean> {
    await work({ newestEnd: () => Promise.resolve(undefined), drop: () => Promise.resolve(true) });
    return true;
  }

  async check(): Promise<void> {
    // A write that changes nothing, so that a full or read-only disk shows. An UPDATE to the same value would write nothing.
    await this.write.replaceInto('meta').values({ key: 'epoch', value: this.epoch }).execute();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    // The reader first: who closes last writes the WAL into the database, and a read-only connection can't.
    this.#database.close();
    if (!this.#broken) {
      await this.#ask((id) => ({ id, kind: 'close' })).catch(() => undefined);
      await exited;
    }
    this.#lock.close();
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
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(unavailable(`${answer.error.code} ${answer.error.message}`));
    else waiting?.resolve(answer.result as never);
  }

  #failAll(reason: string): void {
    this.#broken ??= reason;
    for (const { reject } of this.#waiting.values()) reject(unavailable(reason));
    this.#waiting.clear();
  }
}
