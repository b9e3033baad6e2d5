import type { UserRef } from '@madang/protocol';
import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** The reader that indexes whom messages mention. */
export const MENTIONS_READER = 'mentions';

/** Mentions are counted to this many. */
const MAX_MENTIONS = 100;

/** The members of a room whose names, in lower case, are among the given ones. */
export async function membersNamed(read: Kysely<Schema>, room: string, names: readonly string[]): Promise<UserRef[]> {
  return read
    .selectFrom('users')
    .innerJoin('members', 'members.user_id', 'users.id')
    .select(['users.id', 'users.search_name as name'])
    .where('users.search_name', 'in', names)
    .where('members.room_id', '=', room)
    .execute();
}

/**
 * How many of the messages that a user has not read mention them: other users' messages, after `read` and the log
 * start, that are not deleted, up to 100. Those after the reader's cursor are found by reading the few messages that
 * mention anybody, so the answer is right however far behind the reader is.
 */
export function mentionsBy(user: string): RawBuilder<number> {
  const most = sql.lit(MAX_MENTIONS);
  const from = sql.raw(`(CASE WHEN coalesce(reads.seq, 0) > rooms.log_start THEN reads.seq ELSE rooms.log_start END)`);
  const cursor = sql`coalesce((SELECT seq FROM reader_cursors
    WHERE reader = ${sql.lit(MENTIONS_READER)} AND room_id = rooms.id), 0)`;
  const counted = (rows: RawBuilder<unknown>) => sql`(SELECT count(*) FROM (SELECT 1 ${rows}
    AND messages.deleted_at IS NULL LIMIT ${most}) AS mentioning)`;
  const indexed = counted(sql`FROM mentions JOIN messages ON messages.room_id = mentions.room_id
    AND messages.seq = mentions.seq WHERE mentions.user_id = ${user} AND mentions.room_id = rooms.id
    AND mentions.seq > ${from} AND mentions.seq <= ${cursor}`);
  const beyond = counted(sql`FROM messages WHERE messages.room_id = rooms.id
    AND messages.seq > ${cursor} AND messages.seq > ${from} AND messages.mentions IS NOT NULL
    AND replace(' ' || messages.mentions || ' ', ' ' || ${user} || ' ', '') <> ' ' || messages.mentions || ' '
    AND messages.author_id <> ${user}`);
  return sql<number>`CASE WHEN members.role IS NULL OR ${from} >= rooms.head THEN 0 ELSE (
    SELECT CASE WHEN mentions < ${most} THEN mentions ELSE ${most} END
    FROM (SELECT ${indexed} + ${beyond} AS mentions) AS found) END`;
}

/** Rows that one statement inserts: each has three parameters, and an engine allows some 30,000 of them. */
const MAX_ROWS = 1000;

/** Adds the mentions in a room's messages to the index. */
export function insertMentions(
  write: Kysely<Schema>,
  room: string,
  mentions: readonly { seq: number; user: string }[],
): CompiledQuery[] {
  const statements: CompiledQuery[] = [];
  for (let start = 0; start < mentions.length; start += MAX_ROWS) {
    const rows = mentions
      .slice(start, start + MAX_ROWS)
      .map(({ seq, user }) => ({ room_id: room, seq, user_id: user }));
    const insert = write.insertInto('mentions').values(rows);
    statements.push(insert.onConflict((conflict) => conflict.doNothing()).compile());
  }
  return statements;
}

/** Removes the mentions in one message. */
export function deleteMentions(write: Kysely<Schema>, room: string, seq: number): CompiledQuery {
  return write.deleteFrom('mentions').where('room_id', '=', room).where('seq', '=', seq).compile();
}

/** Removes the mentions in a room's messages up to a seq; all of them if none is given. */
export function forgetMentions(write: Kysely<Schema>, room: string, upTo?: number): CompiledQuery {
  const all = write.deleteFrom('mentions').where('room_id', '=', room);
  return (upTo === undefined ? all : all.where('seq', '<=', upTo)).compile();
}
