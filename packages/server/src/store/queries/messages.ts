import type { EditedContent, Message, MessageContent, Reaction } from '@madang/protocol';
import { formatLimits, noContent } from '@madang/protocol/data';
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
  /** The seq of the event that pinned it, and what that says; null while it is not pinned. */
  pin_seq: number | null;
  pinned_at: number | null;
  pinned_by: string | null;
  pinned_by_name: string | null;
}

/** What events do to messages and their reactions. */
export const messageChanges = {
  insertMessage: change<{ content: MessageContent; clientId: string | null }>(
    `INSERT INTO messages (room_id, seq, author_id, author_name, at, client_id, ${contentColumns.join(', ')})
        VALUES (?, ?, ?, ?, ?, ?, ${contentColumns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
    // No spread: this is on the hot path, and V8 would allocate space for many more values.
    (c, p) => [p.room, p.seq, p.actor.id, p.actor.name, p.at, c.clientId].concat(contentValues(c.content)),
  ),
  /** With `was`, only if that is the message's text. */
  updateMessage: change<{ message: number; content: EditedContent; was?: string | undefined }>(
    `UPDATE messages SET ${setting(editedColumns)}, edited_at = ? WHERE room_id = ? AND seq = ?
        AND deleted_at IS NULL AND text = COALESCE(?, text) AND (${editedColumns.map((column) => `${column} IS DISTINCT FROM ?`).join(' OR ')})`,
    (c, p) => {
      const values = editedValues(c.content);
      return [...values, p.at, p.room, c.message, c.was ?? null, ...values];
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
  pinMessage: change<{ message: number; most: number }>(
    `UPDATE messages SET pin_seq = ?, pinned_at = ?, pinned_by = ?, pinned_by_name = ?
        WHERE room_id = ? AND seq = ? AND deleted_at IS NULL AND pin_seq IS NULL
        AND (SELECT count(*) FROM messages AS pinned WHERE pinned.room_id = ? AND pinned.pin_seq IS NOT NULL
          AND pinned.seq > (SELECT log_start FROM rooms WHERE id = ?)) < ?`,
    (c, p) => [...[p.seq, p.at, p.actor.id, p.actor.name], ...[p.room, c.message], ...[p.room, p.room, c.most]],
  ),
  unpinMessage: change<{ message: number }>(
    `UPDATE messages SET pin_seq = NULL, pinned_at = NULL, pinned_by = NULL, pinned_by_name = NULL
        WHERE room_id = ? AND seq = ? AND pin_seq IS NOT NULL`,
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

/** Which messages of a room a page has. */
export interface MessagePage {
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  /** Messages up to this seq are no longer kept. */
  logStart: number;
  limit: number;
}

/** Rows of a page, oldest first; `more` if there are more in its direction, and beside it `newer` with `around`. */
export interface MessageRows {
  rows: MessageRow[];
  more: boolean;
  newer?: boolean;
}

/** A page of a room's messages. */
export async function listMessages(
  read: Kysely<Schema>,
  room: string,
  { before = Number.MAX_SAFE_INTEGER, after, around, logStart, limit }: MessagePage,
): Promise<MessageRows> {
  const from = Math.max(after ?? 0, logStart);
  const find = (order: 'asc' | 'desc', above: number, below: number) => {
    const query = read.selectFrom('messages').selectAll().where('room_id', '=', room).where('seq', '<', below);
    const bounded = above > 0 ? query.where('seq', '>', above) : query;
    return bounded
      .orderBy('seq', order)
      .limit(limit + 1)
      .execute();
  };
  if (around !== undefined) {
    const [older, newer] = await Promise.all([
      find('desc', from, Math.min(around + 1, before)),
      find('asc', Math.max(around, from), before),
    ]);
    return joined(older, newer, limit);
  }
  const forward = after !== undefined;
  const found = await find(forward ? 'asc' : 'desc', from, before);
  const rows = found.slice(0, limit);
  return { rows: forward ? rows : rows.toReversed(), more: found.length > limit };
}

/** Half a page of each side, newest and oldest first; what one side lacks comes from the other. */
function joined(older: MessageRow[], newer: MessageRow[], limit: number): MessageRows {
  const newerCount = Math.min(newer.length, Math.max(Math.floor(limit / 2), limit - older.length));
  const olderCount = Math.min(older.length, limit - newerCount);
  return {
    rows: [...older.slice(0, olderCount).toReversed(), ...newer.slice(0, newerCount)],
    more: older.length > olderCount,
    newer: newer.length > newerCount,
  };
}

/**
 * Messages as clients see them, with their reactions from one caller's point of view. `asOf` is the seq up to which the
 * reactions include the room's events.
 */
export async function withReactions(
  read: Kysely<Schema>,
  room: string,
  rows: MessageRow[],
  caller: string,
): Promise<{ messages: Message[]; asOf: number }> {
  const seqs = rows.map((row) => row.seq);
  const { reactions, asOf } = await reactionsOf(read, room, seqs, caller);
  return { messages: rows.map((row) => messageIn(row, reactions.get(row.seq))), asOf };
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
    ...(row.pin_seq !== null && { pinned: pinnedOf(row) }),
    ...(reactions && row.deleted_at === null && { reactions }),
  };
}

function pinnedOf({ pinned_by: id, pinned_by_name: name, pinned_at: at }: MessageRow): Message['pinned'] {
  return { by: { id: id ?? '', name: name ?? '' }, at: at ?? 0 };
}

/** A room's pinned messages after its log start, those first that were pinned last, up to a seq. */
export function listPins(
  read: Kysely<Schema>,
  room: string,
  { head, logStart }: { head: number; logStart: number },
): Promise<MessageRow[]> {
  return read
    .selectFrom('messages')
    .selectAll()
    .where('room_id', '=', room)
    .where('pin_seq', 'is not', null)
    .where('pin_seq', '<=', head)
    .where('seq', '>', logStart)
    .where('deleted_at', 'is', null)
    .orderBy('pin_seq', 'desc')
    .execute();
}

/**
 * The reactions to some of a room's messages, and the room's head in the same statement: so it is known which events they
 * include.
 */
export async function reactionsOf(
  read: Kysely<Schema>,
  room: string,
  messages: number[],
  caller: string,
): Promise<{ reactions: Map<number, Reaction[]>; asOf: number }> {
  const rows = await read
    .selectFrom('rooms')
    .leftJoin('reactions', (join) =>
      join
        .onRef('reactions.room_id', '=', 'rooms.id')
        .on('reactions.message_seq', 'in', messages.length > 0 ? messages : [0]),
    )
    .select(['rooms.head', 'message_seq', 'emoji', 'user_id', 'user_name'])
    .where('rooms.id', '=', room)
    .orderBy('reactions.at')
    .orderBy('user_id')
    .execute();
  const found = new Map<number, Map<string, Reaction>>();
  for (const { message_seq: seq, emoji, user_id: id, user_name: name } of rows) {
    if (seq === null || emoji === null || id === null || name === null) continue;
    const ofMessage = found.get(seq) ?? new Map<string, Reaction>();
    found.set(seq, ofMessage);
    const reaction = ofMessage.get(emoji) ?? { emoji, count: 0, users: [], reacted: false };
    ofMessage.set(emoji, reaction);
    reaction.count += 1;
    if (reaction.users.length < formatLimits.reactionUsers) reaction.users.push({ id, name });
    if (id === caller) reaction.reacted = true;
  }
  const reactions = new Map([...found].map(([seq, byEmoji]) => [seq, [...byEmoji.values()]]));
  return { reactions, asOf: rows[0]?.head ?? 0 };
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
