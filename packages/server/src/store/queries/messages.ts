import {
  type EditedContent,
  formatLimits,
  type Message,
  type MessageContent,
  noContent,
  type Reaction,
} from '@madang/protocol';
import type { Kysely } from 'kysely';
import { change } from '../change-statement.js';
import {
  type ContentColumns,
  contentColumns,
  contentOf,
  contentValues,
  editedColumns,
  editedValues,
} from '../content.js';
import type { CreatedPayload } from '../payload.js';
import type { Schema } from '../schema.js';

/** A row of `messages`. */
export interface MessageRow extends ContentColumns {
  room_id: string;
  seq: number;
  author_id: string;
  author_name: string;
  at: number;
  client_id: string | null;
  edited_at: number | null;
  deleted_at: number | null;
}

/** What events do to messages and their reactions. */
export const messageChanges = {
  insertMessage: change<{ content: MessageContent; clientId: string | null }>(
    `INSERT INTO messages (room_id, seq, author_id, author_name, at, client_id, ${contentColumns.join(', ')})
        VALUES (?, ?, ?, ?, ?, ?, ${contentColumns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
    (c, p) => [p.room, p.seq, p.actor.id, p.actor.name, p.at, c.clientId, ...contentValues(c.content)],
  ),
  updateMessage: change<{ message: number; content: EditedContent }>(
    `UPDATE messages SET ${setting(editedColumns)}, edited_at = ? WHERE room_id = ? AND seq = ?
        AND deleted_at IS NULL AND (${editedColumns.map((column) => `${column} IS DISTINCT FROM ?`).join(' OR ')})`,
    (c, p) => {
      const values = editedValues(c.content);
      return [...values, p.at, p.room, c.message, ...values];
    },
  ),
  deleteMessage: change<{ message: number }>(
    `UPDATE messages SET ${setting(contentColumns)}, deleted_at = ? WHERE room_id = ? AND seq = ? AND deleted_at IS NULL`,
    (c, p) => [...contentValues(noContent), p.at, p.room, c.message],
  ),
  deleteMessageReactions: change<{ message: number }>(
    `DELETE FROM reactions WHERE room_id = ? AND message_seq = ?`,
    (c, p) => [p.room, c.message],
  ),
  rewriteCreated: change<{ message: number; payload: CreatedPayload; isDeleted: boolean }>(
    `UPDATE events SET payload = ? WHERE room_id = ? AND seq = ?`,
    (c, p) => [JSON.stringify(c.isDeleted ? { ...c.payload, deletedAt: p.at } : c.payload), p.room, c.message],
  ),
  insertReaction: change<{ message: number; emoji: string; maxEmoji: number }>(
    `INSERT INTO reactions (room_id, message_seq, emoji, user_id, user_name, at)
        SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS
          (SELECT 1 FROM messages WHERE room_id = ? AND seq = ? AND deleted_at IS NULL)
        AND (SELECT count(DISTINCT emoji) FROM reactions WHERE room_id = ? AND message_seq = ? AND emoji <> ?) < ?
        ON CONFLICT DO NOTHING`,
    (c, p) => [
      p.room,
      c.message,
      c.emoji,
      p.actor.id,
      p.actor.name,
      p.at,
      p.room,
      c.message,
      p.room,
      c.message,
      c.emoji,
      c.maxEmoji,
    ],
  ),
  deleteReaction: change<{ message: number; emoji: string }>(
    `DELETE FROM reactions WHERE room_id = ? AND message_seq = ? AND emoji = ? AND user_id = ?`,
    (c, p) => [p.room, c.message, c.emoji, p.actor.id],
  ),
};

function setting(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ?`).join(', ');
}

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

/** The message of a row, with the given reactions. */
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
