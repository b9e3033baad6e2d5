import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** A room from the point of view of retention. */
export interface AgeingRoom {
  id: string;
  logStart: number;
  /** When the oldest event above the log start was committed; null if there is none. */
  oldest: number | null;
  /** Whether rows at or below the log start are still there. */
  hasRemains: boolean;
}

/** Rooms after a given one, by id: how old their contents are, and whether anything remains to be removed. */
export async function ageingRooms(read: Kysely<Schema>, after: string, limit: number): Promise<AgeingRoom[]> {
  const { rows } = await sql<
    Omit<AgeingRoom, 'hasRemains'> & { remains: number }
  >`SELECT rooms.id, rooms.log_start AS "logStart",
      (SELECT at FROM events WHERE room_id = rooms.id AND seq > rooms.log_start ORDER BY seq LIMIT 1) AS oldest,
      CASE WHEN rooms.log_start > 0 AND (
        EXISTS (SELECT 1 FROM messages WHERE room_id = rooms.id AND seq <= rooms.log_start)
        OR EXISTS (SELECT 1 FROM reactions WHERE room_id = rooms.id AND message_seq <= rooms.log_start)
        OR EXISTS (SELECT 1 FROM events WHERE room_id = rooms.id AND seq <= rooms.log_start)
      ) THEN 1 ELSE 0 END AS remains
    FROM rooms WHERE rooms.id > ${after} ORDER BY rooms.id LIMIT ${limit}`.execute(read);
  return rows.map(({ remains, ...room }) => ({ ...room, hasRemains: remains === 1 }));
}

/** A room as {@link newestBefore} finds it. */
export interface RoomBefore {
  id: string;
  logStart: number;
  /** The newest event from before the moment that no younger event precedes; null if there is none. */
  seq: number | null;
  /** The newest event from before the moment; higher than `seq` if a clock was behind. */
  old: number | null;
}

/** Rooms after a given one, by id, with their newest event from before a moment. Events after it count as young. */
export async function newestBefore(
  read: Kysely<Schema>,
  { before, latest }: { before: number; latest: number },
  page: { after: string; limit: number },
): Promise<RoomBefore[]> {
  const { rows } = await sql<RoomBefore & { young: number | null }>`SELECT rooms.id, rooms.log_start AS "logStart",
      (SELECT max(seq) FROM events WHERE room_id = rooms.id AND at < ${before}) AS old,
      (SELECT min(seq) FROM events WHERE room_id = rooms.id AND seq > rooms.log_start
        AND at >= ${before} AND at <= ${latest}) AS young
    FROM rooms WHERE rooms.id > ${page.after} ORDER BY rooms.id LIMIT ${page.limit}`.execute(read);
  const found: RoomBefore[] = [];
  for (const { id, logStart, old, young } of rows) {
    const isMixed = old !== null && young !== null && young < old;
    found.push({ id, logStart, old, seq: isMixed ? await lastBetween(read, id, { before, young }) : old });
  }
  return found;
}

async function lastBetween(
  read: Kysely<Schema>,
  room: string,
  { before, young }: { before: number; young: number },
): Promise<number | null> {
  const row = await read
    .selectFrom('events')
    .select((query) => query.fn.max('seq').as('seq'))
    .where('room_id', '=', room)
    .where('seq', '<', young)
    .where('at', '<', before)
    .executeTakeFirst();
  return row?.seq ?? null;
}

/** Which times are wrong. */
export type WrongTimes = { before: number } | { after: number };

/** Corrects the wrong times among a room's events in a range of seqs, and those of their messages. */
export async function mendTimes(
  write: Kysely<Schema>,
  { room, from, to, wrong, at }: { room: string; from: number; to: number; wrong: WrongTimes; at: number },
): Promise<void> {
  const [operator, bound] = 'before' in wrong ? (['<', wrong.before] as const) : (['>', wrong.after] as const);
  for (const table of ['messages', 'events'] as const) {
    await write
      .updateTable(table)
      .set({ at })
      .where('room_id', '=', room)
      .where('seq', '>=', from)
      .where('seq', '<=', to)
      .where('at', operator, bound)
      .execute();
  }
}

/** Times of a room's events after a seq, oldest first. */
export function timesAfter(
  read: Kysely<Schema>,
  room: string,
  page: { after: number; limit: number },
): Promise<{ seq: number; at: number }[]> {
  return read
    .selectFrom('events')
    .select(['seq', 'at'])
    .where('room_id', '=', room)
    .where('seq', '>', page.after)
    .orderBy('seq')
    .limit(page.limit)
    .execute();
}

/** The seq after which a room's log is kept; 0 for all of it. */
export async function logStartOf(read: Kysely<Schema>, room: string): Promise<number> {
  const row = await read.selectFrom('rooms').select('log_start').where('id', '=', room).executeTakeFirst();
  return row?.log_start ?? 0;
}

/**
 * Raises a room's log start; it never goes back. One room per statement, so that statements that lock several can't
 * deadlock.
 */
export async function raiseLogStart(write: Kysely<Schema>, room: string, logStart: number): Promise<void> {
  await write
    .updateTable('rooms')
    .set({ log_start: logStart })
    .where('id', '=', room)
    .where('log_start', '<', logStart)
    .execute();
}

/** Removes some of a room's messages, or of its events, up to its log start. Returns false if there were none. */
export async function removeOld(
  { read, write }: { read: Kysely<Schema>; write: Kysely<Schema> },
  table: 'messages' | 'events',
  { room, logStart, limit }: { room: string; logStart: number; limit: number },
): Promise<boolean> {
  const oldest = await read
    .selectFrom(table)
    .select('seq')
    .where('room_id', '=', room)
    .where('seq', '<=', logStart)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return false;
  // Each seq exists once, so a range of them bounds the number of rows.
  await write
    .deleteFrom(table)
    .where('room_id', '=', room)
    .where('seq', '>=', oldest.seq)
    .where('seq', '<=', Math.min(logStart, oldest.seq + limit - 1))
    .execute();
  return true;
}

/** Removes some of the reactions to a room's messages up to its log start. Returns false if there were none. */
export async function removeOldReactions(
  { read, write }: { read: Kysely<Schema>; write: Kysely<Schema> },
  { room, logStart, limit }: { room: string; logStart: number; limit: number },
): Promise<boolean> {
  const page = await read
    .selectFrom('reactions')
    .select(['message_seq', 'emoji', 'user_id'])
    .where('room_id', '=', room)
    .where('message_seq', '<=', logStart)
    .orderBy('message_seq')
    .orderBy('emoji')
    .orderBy('user_id')
    .limit(limit)
    .execute();
  const last = page.at(-1);
  if (!last) return false;
  const upTo = sql.join([last.message_seq, last.emoji, last.user_id]);
  await write
    .deleteFrom('reactions')
    .where('room_id', '=', room)
    .where(sql<boolean>`(message_seq, emoji, user_id) <= (${upTo})`)
    .execute();
  return true;
}
