import type { Client } from 'pg';
import { messageOf } from '../../errors.js';
import { type Change, type ChangePlace, changeStatements, type ChangeStatement } from '../changes.js';
import { type Append, type AppendResult, createsRoom, furtherChanges, isMessage, type NewEvent } from '../store.js';
import { isContention, isOvertaken, isUnavailable } from './failures.js';
import { insertMessages, isMessageRun, messageResults, messageValues, repeatKey } from './message-run.js';
import { Pipeline, type Statement } from './pipeline.js';

/** Locks rooms for the rest of the transaction, always in the same order, so that no two nodes deadlock. */
const lockRooms: Statement = {
  name: 'lock-rooms',
  text: `SELECT id, head FROM rooms WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE`,
};

const readHeads: Statement = { name: 'read-heads', text: `SELECT id, head FROM rooms WHERE id = ANY($1::text[])` };

const findMembers: Statement = {
  name: 'find-members',
  text: `SELECT room_id, user_id FROM members
    WHERE (room_id, user_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
};

const insertEvent: Statement = {
  name: 'insert-event',
  text: `INSERT INTO events (room_id, seq, name, at, actor_id, actor_name, payload, message_seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

const writeHead: Statement = { name: 'write-head', text: `UPDATE rooms SET head = $1 WHERE id = $2` };

const changes = prepareChanges();

/** The statements of `changes.ts` in PostgreSQL's form: numbered placeholders instead of `?`. */
function prepareChanges(): Record<string, { statement: Statement; values: ChangeStatement<Change>['values'] }> {
  const prepared = Object.entries(changeStatements).map(([kind, { sql, values }]) => {
    let number = 0;
    const text = sql.replaceAll('?', () => `$${(number += 1)}`);
    return [kind, { statement: { name: kind, text }, values }];
  });
  return Object.fromEntries(prepared) as ReturnType<typeof prepareChanges>;
}

/**
 * Commits a batch. Messages cost one round trip for all of them: BEGIN, the rooms' locks, one insert and COMMIT
 * are sent together. A batch with other events costs two, plus one for each event of its busiest room, since rooms
 * proceed side by side. Only if something fails is the batch redone in parts.
 * @throws PostgreSQL's error if it can't commit; the connection must then not be used again
 */
export async function commitBatch(client: Client, batch: readonly Append[]): Promise<AppendResult[]> {
  const ways = [isMessageRun(batch) ? commitMessages : commitEvents, commitInParts];
  for (const commit of ways) {
    try {
      return await commit(client, batch);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      await client.query('ROLLBACK');
    }
  }
  return commitInParts(client, batch);
}

async function commitMessages(client: Client, batch: readonly Append[]): Promise<AppendResult[]> {
  const pipeline = new Pipeline(client);
  pipeline.send('BEGIN');
  pipeline.send(lockRooms, [roomsOf(batch)]);
  const inserted = pipeline.ask(insertMessages, messageValues(batch));
  if (batch.some((append) => furtherChanges(append).length > 0)) {
    sendFurther(pipeline, batch, messageResults(batch, (await inserted).rows));
  }
  await pipeline.commit();
  return messageResults(batch, (await inserted).rows);
}

/** Sends the further changes of messages. They need the messages' seqs, and have no result. */
function sendFurther(pipeline: Pipeline, run: readonly Append[], results: readonly AppendResult[]): void {
  for (const [index, append] of run.entries()) {
    const result = results[index];
    if (result?.status !== 'appended') continue;
    const { room, actor, at } = append;
    for (const change of furtherChanges(append)) {
      const { statement, bound } = boundChange(change, { room, seq: result.seqs[0] ?? 0, at, actor });
      pipeline.send(statement, bound);
    }
  }
}

function boundChange(change: Change, place: ChangePlace): { statement: Statement; bound: unknown[] } {
  const { statement, values } = changes[change.kind] as (typeof changes)[string];
  return { statement, bound: values(change, place) };
}

async function commitEvents(client: Client, batch: readonly Append[]): Promise<AppendResult[]> {
  const pipeline = new Pipeline(client);
  pipeline.send('BEGIN');
  pipeline.send(lockRooms, [roomsOf(batch)]);
  const results = await new BatchPart(pipeline).apply(batch);
  await pipeline.commit();
  return results;
}

async function commitInParts(client: Client, batch: readonly Append[]): Promise<AppendResult[]> {
  const pipeline = new Pipeline(client);
  pipeline.send('BEGIN');
  // Before the first savepoint: rolling back to one releases the locks taken after it.
  pipeline.send(lockRooms, [roomsOf(batch)]);
  const results = await applyOrSplit(pipeline, batch);
  await pipeline.commit();
  return results;
}

/** Applies a batch; if it fails, applies each half separately, until the failing append is alone (S4). */
async function applyOrSplit(pipeline: Pipeline, batch: readonly Append[], attempt = 1): Promise<AppendResult[]> {
  pipeline.send('SAVEPOINT part');
  try {
    const results = await new BatchPart(pipeline).apply(batch);
    await pipeline.done();
    return results;
  } catch (error) {
    await pipeline.forgive();
    if (isUnavailable(error) || isContention(error)) throw error;
    pipeline.send('ROLLBACK TO SAVEPOINT part');
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      const first = await applyOrSplit(pipeline, batch.slice(0, middle));
      return [...first, ...(await applyOrSplit(pipeline, batch.slice(middle)))];
    }
    // What another node has just taken is visible now, so the second attempt changes nothing.
    if (attempt === 1 && isOvertaken(error)) return applyOrSplit(pipeline, batch, 2);
    return [{ status: 'failed', reason: messageOf(error) }];
  }
}

function roomsOf(batch: readonly Append[]): string[] {
  return [...new Set(batch.map((append) => append.room))];
}

type Numbered = { append: Append; index: number };

function byRoom(batch: readonly Append[]): Numbered[][] {
  const rooms = new Map<string, Numbered[]>();
  for (const [index, append] of batch.entries()) {
    const appends = rooms.get(append.room);
    if (appends) appends.push({ append, index });
    else rooms.set(append.room, [{ append, index }]);
  }
  return [...rooms.values()];
}

/** Appends to several rooms in an open transaction that holds their locks. */
class BatchPart {
  readonly #pipeline: Pipeline;
  /** Heads and members so far in this transaction. */
  readonly #heads = new Map<string, number>();
  readonly #members = new Set<string>();
  readonly #results: AppendResult[] = [];

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** Resolves when the results are known. Statements that matter only if they fail may still be in flight. */
  async apply(batch: readonly Append[]): Promise<AppendResult[]> {
    await this.#look(batch);
    const rooms = byRoom(batch);
    const isPlain = (appends: Numbered[]) => appends.every(({ append }) => isMessage(append));
    // Rooms that get only messages go together. Each other room goes beside them, one event after the other.
    const lanes = [rooms.filter(isPlain).flat(), ...rooms.filter((appends) => !isPlain(appends))];
    const applied = await Promise.allSettled(lanes.map((appends) => this.#applyInTurn(appends)));
    const failed = applied.find((lane) => lane.status === 'rejected');
    if (!failed) return this.#results;
    // The reason may be in another lane. Our own errors, such as values that are not JSON, are in none.
    await this.#pipeline.done();
    throw failed.reason;
  }

  /** Reads heads and guards. The rooms are locked, so nobody else changes them. */
  async #look(batch: readonly Append[]): Promise<void> {
    const heads = this.#pipeline.ask(readHeads, [roomsOf(batch)]);
    const guarded = batch.filter((append) => append.guard !== undefined);
    const members = this.#pipeline.ask(findMembers, [
      guarded.map((append) => append.room),
      guarded.map((append) => append.guard),
    ]);
    const [headRows, memberRows] = await Promise.all([heads, members]);
    for (const row of headRows.rows) this.#heads.set(row['id'] as string, row['head'] as number);
    for (const row of memberRows.rows) this.#members.add(`${row['room_id'] as string} ${row['user_id'] as string}`);
  }

  async #applyInTurn(appends: Numbered[]): Promise<void> {
    for (const run of runsOf(appends)) {
      const [first] = run;
      if (first && !isMessage(first.append)) {
        this.#results[first.index] = await this.#applyOne(first.append);
        continue;
      }
      const messages = run.map(({ append }) => append);
      const { rows } = await this.#pipeline.ask(insertMessages, messageValues(messages));
      const results = messageResults(messages, rows);
      sendFurther(this.#pipeline, messages, results);
      for (const [at, result] of results.entries()) {
        this.#results[run[at]?.index ?? 0] = result;
        if (result.status === 'appended') this.#heads.set(messages[at]?.room ?? '', result.seqs[0] ?? 0);
      }
    }
  }

  async #applyOne(append: Append): Promise<AppendResult> {
    const { room, guard } = append;
    if (guard !== undefined && !this.#members.has(`${room} ${guard}`)) return { status: 'refused' };
    const known = this.#heads.get(room);
    if (known === undefined && !createsRoom(append)) {
      return { status: 'failed', reason: `There is no room ${room}` };
    }
    let head = known ?? 0;
    const seqs: number[] = [];
    for (const event of append.events) {
      const happens = await this.#applyEvent(append, event, head + 1);
      if (!happens && seqs.length === 0) return { status: 'unchanged' };
      seqs.push(happens ? (head += 1) : 0);
    }
    this.#heads.set(room, head);
    this.#pipeline.send(writeHead, [head, room]);
    return { status: 'appended', seqs };
  }

  /** Waits only for the first change, which decides whether the event happens (S3), and not for the rest. */
  async #applyEvent(append: Append, event: NewEvent, seq: number): Promise<boolean> {
    const { room, actor, at } = append;
    const payload = JSON.stringify(event.payload);
    for (const [index, change] of event.changes.entries()) {
      const { statement, bound } = boundChange(change, { room, seq, at, actor });
      if (index > 0) this.#pipeline.send(statement, bound);
      else if (((await this.#pipeline.ask(statement, bound)).rowCount ?? 0) === 0) return false;
    }
    for (const change of event.changes) {
      if (change.kind === 'insertMember') this.#members.add(`${room} ${change.user}`);
      if (change.kind === 'deleteMember') this.#members.delete(`${room} ${change.user}`);
    }
    const row = [room, seq, event.name, at, actor.id, actor.name, payload, event.messageSeq ?? null];
    this.#pipeline.send(insertEvent, row);
    return true;
  }
}

/**
 * Splits appends into runs for one statement each: consecutive messages without repeats, or any other append
 * alone.
 */
function runsOf(appends: Numbered[]): Numbered[][] {
  const runs: Numbered[][] = [];
  const seen = new Set<string>();
  for (const each of appends) {
    const key = repeatKey(each.append);
    const isRepeat = key !== undefined && seen.has(key);
    const last = runs.at(-1);
    const joins = last?.[0] && isMessage(last[0].append) && isMessage(each.append) && !isRepeat;
    if (joins) last.push(each);
    else runs.push([each]);
    if (key !== undefined) seen.add(key);
  }
  return runs;
}
