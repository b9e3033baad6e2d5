import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../clock.js';
import { messageOf, StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { metaKeys } from '../epoch.js';
import { PROBE_CHARS, StoreHealth } from '../health.js';
import { refuseUnfinishedCopy } from '../migrate.js';
import { runPrepared } from '../prepared.js';
import { setBlocked } from '../queries/blocks.js';
import { raiseLogStart } from '../queries/retention.js';
import type { SqlValue } from '../changes.js';
import { sqliteDialect } from '../dialect.js';
import { eventColumns, type EventRecord, type Schema } from '../schema.js';
import type { Append, AppendResult, LogMonths, RoomAccess, Store, Transaction } from '../store.js';
import { unavailable } from '../unavailable.js';
import { AccessCache } from './access.js';
import { decodeResults, encodeBatch, type ResultsWire } from './batch-wire.js';
import { openForReading, preparingOnce } from './connection.js';
import { explain, failureOf } from './failures.js';
import { type Loss, lossWords } from './open-files.js';
import { type Beginning, lockFile, prepare } from './prepare.js';
import { workerDialect } from './worker-dialect.js';
import type { Sight, StatementWire, WorkerAnswer, WorkerRequest, WorkerStart } from './write-worker.js';

/** A WAL that stays above this many bytes is worth a warning, and again each time it has doubled. */
const LARGE_WAL_BYTES = 64 * 1024 * 1024;

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

class SqliteStore implements Store {
  readonly epoch: string;
  readonly databaseId: string;
  readonly clock = systemClock;
  readonly months: LogMonths = { newestEnd: () => Promise.resolve(undefined), drop: () => Promise.resolve(true) };
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

  constructor(file: string, { run, epoch }: Beginning, lock: Database.Database, logger: Logger) {
    this.epoch = epoch;
    this.databaseId = epoch;
    this.#logger = logger;
    this.#health = new StoreHealth(logger);
    this.#lock = lock;
    this.#database = openForReading(file);
    const prepared = preparingOnce(this.#database);
    const reader = { prepare: (text: string) => this.#guarded(prepared(text)), close: () => undefined };
    this.read = new Kysely<Schema>({ dialect: new SqliteDialect({ database: reader }) });
    runPrepared(this.read, ({ text }, parameters) => this.#all(prepared(text), parameters));
    this.write = new Kysely<Schema>({
      dialect: workerDialect((sql, values) => this.#ask((id) => ({ id, kind: 'statement', sql, values }))),
    });
    this.#access = this.#database.prepare(
      `SELECT rooms.id AS room, rooms.kind AS kind, rooms.head AS head, rooms.log_start AS "logStart",
         rooms.blocked AS blocked, members.role AS role
       FROM rooms LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = ? WHERE rooms.id = ?`,
    );
    this.#events = this.#database.prepare(
      `SELECT ${eventColumns(sqliteDialect)} FROM events WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#worker = new Worker(new URL('write-worker.js', import.meta.url), {
      workerData: { file, run } satisfies WorkerStart,
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

  transact({ guards, work }: Transaction): Promise<boolean> {
    const statements = [...guards, ...work].map(({ sql, parameters }): StatementWire => [
      sql,
      parameters as SqlValue[],
    ]);
    return this.#ask((id) => ({ id, kind: 'transaction', statements, guards: guards.length }));
  }

  /** This process alone works on the database, so it holds every lease. */
  takeLease(): Promise<boolean> {
    return Promise.resolve(true);
  }

  releaseLease(): Promise<void> {
    return Promise.resolve();
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
      waiting?.reject(failure.kind === 'other' ? new Error(failure.reason) : unavailable(failure.reason));
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

function walWords(bytes: number): string {
  const size = Math.round(bytes / 1024 ** 2);
  return `the write-ahead log has grown to ${size} MB: another program has been reading the database for long`;
}
