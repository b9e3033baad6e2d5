import type Database from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import { type Change, type ChangePlace, changeStatements, type ChangeStatement, type SqlValue } from '../changes.js';
import { sqliteDialect } from '../dialect.js';
import { type Append, type AppendResult, createsRoom } from '../store.js';
import { openForWriting, preparingOnce } from './connection.js';

/** What the store asks of the worker; it answers each in turn with {@link WorkerAnswer}. */
export type WorkerRequest =
  /** The batch as JSON: a structured clone of many small objects costs twice as much on both sides. */
  | { id: number; kind: 'commit'; batch: string }
  | { id: number; kind: 'statement'; sql: string; values: SqlValue[] }
  | { id: number; kind: 'close' };

/** An answer; `error` when the engine could not do it. */
export type WorkerAnswer = { id: number } & ({ result: unknown } | { error: { message: string; code: string } });

type PreparedChanges = Record<Change['kind'], { run: Database.Statement; values: ChangeStatement<Change>['values'] }>;

/** The thread that owns the write side: appends to room logs, and single statements. */
class WriteSide {
  readonly #database: Database.Database;
  readonly #prepare: (sql: string) => Database.Statement;
  readonly #changes: PreparedChanges;
  readonly #insertEvent: Database.Statement;
  readonly #readHead: Database.Statement;
  readonly #writeHead: Database.Statement;
  readonly #isMember: Database.Statement;
  /** Heads as the open transaction has them. */
  readonly #heads = new Map<string, number>();

  constructor(file: string) {
    this.#database = openForWriting(file);
    this.#prepare = preparingOnce(this.#database);
    const statements = changeStatements(sqliteDialect);
    this.#changes = Object.fromEntries(
      Object.entries(statements).map(([kind, { sql, values }]) => [kind, { run: this.#database.prepare(sql), values }]),
    ) as PreparedChanges;
    this.#insertEvent = this.#database.prepare(
      `INSERT INTO events (room_id, seq, name, at, actor_id, actor_name, payload, message_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#readHead = this.#database.prepare(`SELECT head FROM rooms WHERE id = ?`).pluck();
    this.#writeHead = this.#database.prepare(`UPDATE rooms SET head = ? WHERE id = ?`);
    this.#isMember = this.#database.prepare(`SELECT 1 FROM members WHERE room_id = ? AND user_id = ?`).pluck();
  }

  /** Commits a batch in one transaction. If that fails, each append by itself, so that a bad one harms no other (S4). */
  commit(batch: readonly Append[]): AppendResult[] {
    try {
      return this.#transaction(batch);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      if (batch.length === 1) return [{ status: 'failed', reason: messageOf(error) }];
      return batch.map((append) => {
        try {
          return this.#transaction([append])[0] as AppendResult;
        } catch (reason) {
          if (isUnavailable(reason)) throw reason;
          return { status: 'failed', reason: messageOf(reason) };
        }
      });
    }
  }

  statement(sql: string, values: SqlValue[]): { rows: unknown[]; changes: number } {
    const statement = this.#prepare(sql);
    if (statement.reader) return { rows: statement.all(values), changes: 0 };
    return { rows: [], changes: statement.run(values).changes };
  }

  close(): void {
    this.#database.close();
  }

  #transaction(batch: readonly Append[]): AppendResult[] {
    this.#heads.clear();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const results = batch.map((append) => this.#append(append));
      for (const [room, head] of this.#heads) this.#writeHead.run(head, room);
      this.#database.exec('COMMIT');
      return results;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #append(append: Append): AppendResult {
    const { room, actor, at } = append;
    if (append.guard !== undefined && !this.#isMember.get(room, append.guard)) return { status: 'refused' };
    const known = this.#heads.get(room) ?? (this.#readHead.get(room) as number | undefined);
    if (known === undefined && !createsRoom(append)) return { status: 'failed', reason: `There is no room ${room}` };
    let head = known ?? 0;
    const seqs: number[] = [];
    for (const event of append.events) {
      if (!this.#apply(event.changes, { room, seq: head + 1, at, actor })) {
        if (seqs.length === 0) return { status: 'unchanged' };
        seqs.push(0);
        continue;
      }
      head += 1;
      const payload = JSON.stringify(event.payload);
      this.#insertEvent.run(room, head, event.name, at, actor.id, actor.name, payload, event.messageSeq ?? null);
      seqs.push(head);
    }
    this.#heads.set(room, head);
    return { status: 'appended', seqs };
  }

  /** Runs an event's changes; false when the first changes nothing (S3). */
  #apply(changes: Change[], place: ChangePlace): boolean {
    for (const [index, change] of changes.entries()) {
      const { run, values } = this.#changes[change.kind];
      const { changes: changed } = run.run(values(change, place));
      if (index === 0 && changed === 0) return false;
    }
    return true;
  }
}

/** Errors of the disk or the file, after which nothing commits until somebody mends it. */
function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/.test(code);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function serve(side: WriteSide, request: WorkerRequest): unknown {
  if (request.kind === 'commit') return side.commit(JSON.parse(request.batch) as Append[]);
  if (request.kind === 'statement') return side.statement(request.sql, request.values);
  return side.close();
}

if (parentPort) {
  const port = parentPort;
  const side = new WriteSide((workerData as { file: string }).file);
  port.on('message', (request: WorkerRequest) => {
    try {
      port.postMessage({ id: request.id, result: serve(side, request) } satisfies WorkerAnswer);
    } catch (error) {
      const answer: WorkerAnswer = { id: request.id, error: { message: messageOf(error), code: codeOf(error) } };
      port.postMessage(answer);
    }
    if (request.kind === 'close') port.close();
  });
}
