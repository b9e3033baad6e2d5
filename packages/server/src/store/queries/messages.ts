import { formatLimits, type Message, type Reaction } from '@madang/protocol';
import type { Kysely, Selectable } from 'kysely';
import { contentOf } from '../content.js';
import type { Schema } from '../schema.js';

/** A message's row. */
export type MessageRow = Selectable<Schema['messages']>;

/** One message, or undefined. */
export function findMessage(read: Kysely<Schema>, room: string, seq: number): Promise<MessageRow | undefined> {
  return read.selectFrom('messages').selectAll().where('room_id', '=', room).where('seq', '=', seq).executeTakeFirst();
}

/** The message that an author sent under a `clientId`. */
export function findMessageByClientId(
  read: Kysely<Schema>,
  author: string,
  clientId: string,
): Promise<MessageRow | undefined> {
  return read
    .selectFrom('messages')
    .selectAll()
    .where('author_id', '=', author)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}

/** A page of messages after the room's log start, oldest first; `more` if there are more in that direction. */
export async function listMessages(
  read: Kysely<Schema>,
  room: string,
  page: { before?: number | undefined; after?: number | undefined; logStart: number; limit: number },
): Promise<{ rows: MessageRow[]; more: boolean }> {
  const forward = page.after !== undefined;
  let query = read
    .selectFrom('messages')
    .selectAll()
    .where('room_id', '=', room)
    .orderBy('seq', forward ? 'asc' : 'desc')
    .limit(page.limit + 1);
  if (page.before !== undefined) query = query.where('seq', '<', page.before);
  const after = Math.max(page.after ?? 0, page.logStart);
  if (after > 0) query = query.where('seq', '>', after);
  const found = await query.execute();
  const rows = found.slice(0, page.limit);
  return { rows: forward ? rows : rows.toReversed(), more: found.length > page.limit };
}

/** Rows as clients see them, with reactions from one caller's point of view. */
export async function withReactions(read: Kysely<Schema>, rows: MessageRow[], caller: string): Promise<Message[]> {
  const [first] = rows;
  if (!first) return [];
  const reactions = await reactionsOf(
    read,
    first.room_id,
    rows.map((row) => row.seq),
    caller,
  );
  return rows.map((row) => messageIn(row, reactions.get(row.seq)));
}

/** The message in a row, with the reactions that are given. */
export function messageIn(row: MessageRow, reactions?: Reaction[]): Message {
  return {
    id: `${row.room_id}.${row.seq}`,
    room: row.room_id,
    seq: row.seq,
    author: { id: row.author_id, name: row.author_name },
    ...contentOf(row),
    at: row.at,
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.edited_at !== null && { editedAt: row.edited_at }),
    ...(row.deleted_at !== null && { deletedAt: row.deleted_at }),
    ...(reactions && { reactions }),
  };
}

async function reactionsOf(
  read: Kysely<Schema>,
  room: string,
  messages: number[],
  caller: string,
): Promise<Map<number, Reaction[]>> {
  const rows = await read
    .selectFrom('reactions')
    .selectAll()
    .where('room_id', '=', room)
    .where('message_seq', 'in', messages)
    .orderBy('at')
    .orderBy('user_id')
    .execute();
  const found = new Map<number, Map<string, Reaction>>();
  for (const row of rows) {
    const ofMessage = found.get(row.message_seq) ?? new Map<string, Reaction>();
    found.set(row.message_seq, ofMessage);
    const reaction = ofMessage.get(row.emoji) ?? { emoji: row.emoji, count: 0, users: [], reacted: false };
    ofMessage.set(row.emoji, reaction);
    reaction.count += 1;
    if (reaction.users.length < formatLimits.reactionUsers)
      reaction.users.push({ id: row.user_id, name: row.user_name });
    if (row.user_id === caller) reaction.reacted = true;
  }
  return new Map([...found].map(([seq, byEmoji]) => [seq, [...byEmoji.values()]]));
}

/** Records how far a user has read a room, and when. It never goes back. Returns whether it advanced. */
export async function saveRead(
  write: Kysely<Schema>,
  mark: { user: string; room: string; seq: number; at: number },
): Promise<boolean> {
  const { user, room, seq, at } = mark;
  const result = await write
    .insertInto('reads')
    .values({ user_id: user, room_id: room, seq, at })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'room_id']).doUpdateSet({ seq, at }).where('reads.seq', '<', seq),
    )
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
