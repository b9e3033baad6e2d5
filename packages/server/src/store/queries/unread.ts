import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';
import { compiledOnce, type Parameter } from '../prepared.js';
import type { Schema } from '../schema.js';

/** The reader that numbers messages. */
export const NUMBERS_READER = 'message-numbers';

/** Unread messages are counted to this many. */
const MAX_UNREAD = 100;

/** Seqs of a block: the running number of messages is kept for its end. */
const BLOCK = 256;

/**
 * At least this many seqs after `read` are counted one by one: most users who have missed much have missed 100 by then.
 */
const NEAR = BLOCK / 2;

/** The block of a log in which a seq is. */
export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK);
}

/**
 * How many of a room's messages a user has not read: other users' messages, after `read` and the log start, that are
 * not deleted, up to 100. In the same statement as the rooms, because a user who connects needs the counts of all their
 * rooms.
 *
 * Messages soon after `read`, up to the end of a block, and those after the cursor of the reader that numbers messages
 * are counted one by one, so the answer is right however far behind the reader is. For the part in between, the count
 * is the growth of the running number of all messages, less that of the user's own, less the deleted ones, which have
 * their own index. So it costs the same however many messages the user wrote, and however many other events there are.
 */
export function unreadBy(user: string): RawBuilder<number> {
  const most = sql.lit(MAX_UNREAD);
  const from = sql.raw(`(CASE WHEN coalesce(reads.seq, 0) > rooms.log_start THEN reads.seq ELSE rooms.log_start END)`);
  const block = sql`((${from} + ${sql.lit(NEAR)}) / ${sql.lit(BLOCK)})`;
  const end = sql`(${block} * ${sql.lit(BLOCK)} + ${sql.lit(BLOCK - 1)})`;
  const cursor = sql`coalesce((SELECT seq FROM reader_cursors
    WHERE reader = ${sql.lit(NUMBERS_READER)} AND room_id = rooms.id), 0)`;
  const counted = (range: RawBuilder<unknown>) => sql`(SELECT count(*) FROM (SELECT 1 FROM messages
    WHERE messages.room_id = rooms.id AND ${range} AND messages.author_id <> ${user} AND messages.deleted_at IS NULL
    LIMIT ${most}) AS others)`;
  const number = (author: RawBuilder<unknown>, where: RawBuilder<unknown>) => sql`coalesce((SELECT number
    FROM message_numbers WHERE room_id = rooms.id AND author_id = ${author} ${where} ORDER BY block DESC LIMIT 1), 0)`;
  const growth = (author: RawBuilder<unknown>) =>
    sql`(${number(author, sql``)} - ${number(author, sql`AND block <= ${block}`)})`;
  const deleted = sql`(SELECT count(*) FROM messages WHERE messages.room_id = rooms.id
    AND messages.seq > ${end} AND messages.seq <= ${cursor}
    AND messages.deleted_at IS NOT NULL AND messages.author_id <> ${user})`;
  const far = sql`CASE WHEN ${cursor} > ${end}
    THEN ${growth(sql.lit(''))} - ${growth(sql`${user}`)} - ${deleted} + ${counted(sql`messages.seq > ${cursor}`)}
    ELSE ${counted(sql`messages.seq > ${end}`)} END`;
  const near = counted(sql`messages.seq > ${from} AND messages.seq <= ${end}`);
  return sql<number>`CASE WHEN members.role IS NULL OR ${from} >= rooms.head THEN 0 ELSE (
    SELECT CASE WHEN unread < ${most} THEN unread ELSE ${most} END FROM (
      SELECT CASE WHEN near.unread >= ${most} OR rooms.head <= ${end} THEN near.unread ELSE near.unread + ${far} END AS unread
      FROM (SELECT ${near} AS unread) AS near) AS found) END`;
}

/** New messages by an author in one block of a room's log. */
export interface NewMessages {
  /** Empty for all authors together. */
  author: string;
  block: number;
  count: number;
}

const numbering = compiledOnce((_, parameter: Parameter<NewMessages & { room: string }>) => {
  const [room, author, block] = [parameter('room'), parameter('author'), parameter('block')];
  return sql`INSERT INTO message_numbers (room_id, author_id, block, number)
    VALUES (${room}, ${author}, ${block}, ${parameter('count')} + coalesce((SELECT number FROM message_numbers
      WHERE room_id = ${room} AND author_id = ${author} ORDER BY block DESC LIMIT 1), 0))
    ON CONFLICT (room_id, author_id, block) DO UPDATE SET number = excluded.number`;
});

/** Numbers new messages of a room, block by block: each number continues from its author's last one. */
export function numberMessages(write: Kysely<Schema>, room: string, messages: NewMessages): CompiledQuery {
  return numbering(write, { room, ...messages });
}

/** Removes a room's numbers, so that it is numbered again. */
export function forgetNumbers(write: Kysely<Schema>, room: string): CompiledQuery {
  return write.deleteFrom('message_numbers').where('room_id', '=', room).compile();
}

/** Removes what no count needs any more: numbers before each author's last one up to a room's log start. */
export function removeOldNumbers(write: Kysely<Schema>, room: string, logStart: number): CompiledQuery {
  const last = blockOf(logStart);
  return sql`DELETE FROM message_numbers WHERE room_id = ${room} AND block < ${last} AND EXISTS (
    SELECT 1 FROM message_numbers AS later WHERE later.room_id = message_numbers.room_id
    AND later.author_id = message_numbers.author_id AND later.block > message_numbers.block AND later.block <= ${last}
  )`.compile(write);
}
