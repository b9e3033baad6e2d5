import type Database from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import { type Change, type ChangePlace, changeStatements, type ChangeStatement, type SqlValue } from '../changes.js';
import { type AppendResult, createsRoom } from '../store.js';
import { type BatchWire, decodeBatch, encodeResults, type WrittenAppend } from './batch-wire.js';
import { BUSY_MS, openForWriting, preparingOnce, WAL_KEPT_BYTES } from './connection.js';
import { type Loss, LOST, lossWords, OpenFiles } from './open-files.js';
import { RunMarkKeeper } from './history.js';

/** What the thread starts with. */
export interface WorkerStart {
  file: string;
  /** The name of this run, also in the mark beside the database. */
  run: string;
}

/** A statement with its values. */
export type StatementWire = [sql: string, values: SqlValue[]];

/** A request from the store. Each is answered in turn with a {@link WorkerAnswer}. */
export type WorkerRequest =
  | { id: number; kind: 'commit'; batch: BatchWire }
  | { id: number; kind: 'statement'; sql: string; values: SqlValue[] }
  /** The first `guards` of them must each change a row. */
  | { id: number; kind: 'transaction'; statements: StatementWire[]; guards: number }
  | { id: number; kind: 'close' };

/** An answer, with `error` if the engine could not do it. Without an id: what the thread has noticed on its own. */
export type WorkerAnswer =
  | ({ id: number } & ({ result: unknown } | { error: { message: string; code: string } }))
  | { seen: Sight };

/** The state of the files while nobody writes. */
export interface Sight {
  /** Why commits would be lost. */
  loss: Loss | undefined;
  walBytes: number;
}

type PreparedChanges = Record<Change['kind'], { run: Database.Statement; values: ChangeStatement<Change>['values'] }>;

/** How long a request waits for another program's lock after one did so in vain, in ms. */
const LOCKED_MS = 10;

/** How often the files are checked while nobody writes, in ms. */
const LOOK_MS = 400;

/** How old the mark beside the database may get before it moves to a new file, in ms. */
const RENEW_MS = 10_000;

/** When the WAL holds about this many pages (8 MB), it is checkpointed. */
const PAGES_A_CHECKPOINT = 2000;

/** Roughly how many pages a commit writes besides one per append. */
const PAGES_A_COMMIT = 6;

/** The most rooms to remember. */
const MAX_ROOMS = 10_000;

/** Rolls a transaction back whose guard changes no row. */
const UNGUARDED = new Error('a guard changed no row');

/** A room as the worker knows it. */
interface KnownRoom {
  id: string;
  head: number;
  /** Users known to be members. */
  members: Set<string>;
}

/** The thread that owns the write side: it runs appends to room logs, and single statements. */
class WriteSide {
  readonly #database: Database.Database;
  readonly #prepare: (sql: string) => Database.Statement;
  readonly #changes: PreparedChanges;
  readonly #insertEvent: Database.Statement;
  readonly #readHead: Database.Statement;
  readonly #writeHead: Database.Statement;
  readonly #readMember: Database.Statement;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  /** What is known of rooms within the open transaction. Only this thread changes them. */
  readonly #rooms = new Map<string, KnownRoom>();
  /** The rooms whose head the open transaction has moved. */
  readonly #moved = new Set<KnownRoom>();
  readonly #files: OpenFiles;
  readonly #mark: RunMarkKeeper;
  /** Approximate number of pages in the WAL. */
  #pages = 0;
  /** The sum of all rooms' heads on disk, and what the open transaction adds. */
  #position: number;
  #gained = 0;
  #markedPosition: number;
  #renewedPosition: number;
  #renewedAt = performance.now();
  #seen: Sight | undefined;
  /** How long the next one waits for another program's lock, in ms. */
  #patience = BUSY_MS;

  constructor({ file, run }: WorkerStart) {
    this.#database = openForWriting(file);
    this.#position = this.#database.prepare('SELECT COALESCE(sum(head), 0) FROM rooms').pluck().get() as number;
    this.#markedPosition = this.#position;
    this.#renewedPosition = this.#position;
    this.#mark = new RunMarkKeeper(file, run);
    const version = () => this.#database.pragma('data_version', { simple: true });
    const firstVersion = version();
    const pageBytes = this.#database.pragma('page_size', { simple: true }) as number;
    this.#files = new OpenFiles(file, pageBytes, () => version() !== firstVersion);
    this.#prepare = preparingOnce(this.#database);
    this.#changes = Object.fromEntries(
      Object.entries(changeStatements).map(([kind, { sql, values }]) => [
        kind,
        { run: this.#database.prepare(sql), values },
      ]),
    ) as unknown as PreparedChanges;
    this.#insertEvent = this.#database.prepare(
      `INSERT INTO events (room_id, seq, name, at, actor_id, actor_name, payload, message_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#readHead = this.#database.prepare(`SELECT head FROM rooms WHERE id = ?`).pluck();
    this.#writeHead = this.#database.prepare(`UPDATE rooms SET head = ? WHERE id = ?`);
    this.#readMember = this.#database.prepare(`SELECT 1 FROM members WHERE room_id = ? AND user_id = ?`).pluck();
    this.#begin = this.#database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#database.prepare('COMMIT');
  }

  /**
   * Commits a batch in one transaction. If that fails, commits each append alone, so that a bad one harms no other
   * (S4).
   */
  commit(batch: readonly WrittenAppend[]): AppendResult[] {
    this.#refuseIfGone();
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
    this.#refuseIfGone();
    const statement = this.#prepare(sql);
    this.#pages += PAGES_A_COMMIT;
    if (statement.reader) return { rows: statement.all(values), changes: 0 };
    const { changes } = statement.run(values);
    this.#refuseIfLost();
    this.#pages += changes;
    return { rows: [], changes };
  }

  /** Runs statements as one transaction; false, with nothing done, when one of the first `guards` changes no row. */
  transact(statements: readonly StatementWire[], guards: number): boolean {
    this.#refuseIfGone();
    let changed = 0;
    const run = this.#database.transaction(() => {
      for (const [index, [sql, values]] of statements.entries()) {
        const { changes } = this.#prepare(sql).run(values);
        if (index < guards && changes === 0) throw UNGUARDED;
        changed += changes;
      }
    });
    try {
      run.immediate();
    } catch (error) {
      if (error === UNGUARDED) return false;
      throw error;
    }
    this.#refuseIfLost();
    this.#pages += PAGES_A_COMMIT + changed;
    return true;
  }

  /**
   * After each request. Whoever comes behind one that waited for another program's lock in vain is refused soon, too:
   * otherwise each would wait after all before it, while its caller gives up.
   */
  heed(error?: unknown): void {
    const patience = error === undefined ? BUSY_MS : codeOf(error).startsWith('SQLITE_BUSY') ? LOCKED_MS : undefined;
    if (patience === undefined || patience === this.#patience) return;
    this.#patience = patience;
    this.#database.pragma(`busy_timeout = ${patience}`);
  }

  /** Work that is due once the answer has gone: it delays only those who come meanwhile. */
  afterAnswer(): void {
    if (this.#position !== this.#markedPosition) {
      this.#markedPosition = this.#position;
      this.#mark.keep(this.#position);
    }
    if (this.#pages < PAGES_A_CHECKPOINT) return;
    this.#pages = 0;
    this.#checkpoint('PASSIVE');
  }

  /** Periodic work. Returns the state of the files if it has changed. */
  look(): Sight | undefined {
    const seen: Sight = { loss: this.#files.lossOfAny(), walBytes: this.#files.walBytes };
    if (!seen.loss) {
      if (performance.now() - this.#renewedAt >= RENEW_MS) this.#renewMark();
      // Nothing else shrinks the file after a reader held it for long.
      if (seen.walBytes > WAL_KEPT_BYTES) this.#checkpoint('TRUNCATE');
    }
    const before = this.#seen;
    this.#seen = seen;
    return before?.loss === seen.loss && before?.walBytes === seen.walBytes ? undefined : seen;
  }

  close(): void {
    // Closing checkpoints the WAL; pages of a file that was truncated meanwhile must not get there.
    if (!this.#files.lossOfAny()) this.#renewMark();
    this.#mark.close();
    this.#database.close();
    this.#files.close();
  }

  /** Checkpoints the WAL as far as readers allow, without waiting for them. */
  #checkpoint(kind: 'PASSIVE' | 'TRUNCATE'): void {
    if (this.#files.loss()) return;
    try {
      this.#database.pragma('busy_timeout = 0');
      this.#database.pragma(`wal_checkpoint(${kind})`);
    } catch {
      // The commits are safe in the WAL. A full or missing disk shows with the next one.
    } finally {
      this.#database.pragma(`busy_timeout = ${this.#patience}`);
    }
  }

  /** Earlier copies can't be put back unnoticed, not even into the same files. */
  #renewMark(): void {
    if (this.#position === this.#renewedPosition) return;
    this.#renewedAt = performance.now();
    this.#renewedPosition = this.#position;
    this.#mark.renew(this.#position);
  }

  /** Before a commit: the files may have been taken away. */
  #refuseIfGone(): void {
    if (this.#seen?.loss || !this.#files.isThere()) this.#refuseIfLost();
  }

  /** After a commit, before its answer: data in files that nobody will find again is not stored. */
  #refuseIfLost(): void {
    const loss = this.#files.loss();
    if (loss) throw new LostError(loss);
  }

  #transaction(batch: readonly WrittenAppend[]): AppendResult[] {
    if (this.#rooms.size > MAX_ROOMS) this.#rooms.clear();
    this.#moved.clear();
    this.#gained = 0;
    this.#begin.run();
    try {
      const results = batch.map((append) => this.#append(append));
      for (const { id, head } of this.#moved) this.#writeHead.run(head, id);
      this.#commit.run();
      this.#position += this.#gained;
      this.#refuseIfLost();
      this.#pages += PAGES_A_COMMIT + batch.length;
      return results;
    } catch (error) {
      this.#rooms.clear();
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #append(append: WrittenAppend): AppendResult {
    const { room: id, guard, actor, at } = append;
    const room = this.#rooms.get(id) ?? this.#look(id);
    if (guard !== undefined && !(room && this.#isMember(room, guard))) return { status: 'refused' };
    if (!room && !createsRoom(append)) return { status: 'failed', reason: `There is no room ${id}` };
    let head = room?.head ?? 0;
    const seqs: number[] = [];
    for (const event of append.events) {
      if (!this.#apply(event.changes, { room: id, seq: head + 1, at, actor })) {
        if (seqs.length === 0) return { status: 'unchanged' };
        seqs.push(0);
        continue;
      }
      head += 1;
      const { name, payload, messageSeq = null } = event;
      this.#insertEvent.run(id, head, name, at, actor.id, actor.name, payload, messageSeq);
      seqs.push(head);
      if (event.changes.some(({ kind }) => kind === 'deleteMember')) room?.members.clear();
    }
    this.#gained += head - (room?.head ?? 0);
    const moved = room ?? { id, head, members: new Set() };
    moved.head = head;
    this.#rooms.set(id, moved);
    this.#moved.add(moved);
    return { status: 'appended', seqs };
  }

  #look(id: string): KnownRoom | undefined {
    const head = this.#readHead.get(id) as number | undefined;
    if (head === undefined) return undefined;
    const room = { id, head, members: new Set<string>() };
    this.#rooms.set(id, room);
    return room;
  }

  #isMember(room: KnownRoom, user: string): boolean {
    if (room.members.has(user)) return true;
    const isMember = this.#readMember.get(room.id, user) !== undefined;
    if (isMember) room.members.add(user);
    return isMember;
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

/** SQLite's codes for "can't do it now". */
const UNAVAILABLE = /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/;

/** The files are no longer those that were opened. */
class LostError extends Error {
  readonly code: string;

  constructor(loss: Loss) {
    super(lossWords[loss]);
    this.code = `${LOST}${loss}`;
  }
}

/** Errors of the disk or the file, after which nothing commits until somebody fixes it. */
function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof LostError || UNAVAILABLE.test(code);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function serve(side: WriteSide, request: WorkerRequest): unknown {
  if (request.kind === 'commit') return encodeResults(side.commit(decodeBatch(request.batch)));
  if (request.kind === 'statement') return side.statement(request.sql, request.values);
  if (request.kind === 'transaction') return side.transact(request.statements, request.guards);
  return side.close();
}

if (parentPort) {
  const port = parentPort;
  const side = new WriteSide(workerData as WorkerStart);
  const looking = setInterval(() => {
    const seen = side.look();
    if (seen) port.postMessage({ seen } satisfies WorkerAnswer);
  }, LOOK_MS);
  port.on('message', (request: WorkerRequest) => {
    if (request.kind === 'close') clearInterval(looking);
    try {
      port.postMessage({ id: request.id, result: serve(side, request) } satisfies WorkerAnswer);
      if (request.kind !== 'close') side.heed();
    } catch (error) {
      side.heed(error);
      const answer: WorkerAnswer = { id: request.id, error: { message: messageOf(error), code: codeOf(error) } };
      port.postMessage(answer);
    }
    if (request.kind === 'close') port.close();
    else side.afterAnswer();
  });
}
