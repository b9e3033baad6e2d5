import {
  type EditedContent,
  type MemberRole,
  type MessageContent,
  noContent,
  type RoomKind,
  type UserRef,
} from '@madang/protocol';
import { contentColumns, contentValues, editedColumns, editedValues } from './content.js';
import type { CreatedPayload } from './payload.js';

/** What an event does to the tables that queries read. `projections.ts` creates these changes, an engine runs them. */
export type Change =
  | {
      kind: 'insertRoom';
      roomKind: RoomKind;
      name: string;
      topic: string;
      creator: string | null;
      clientId: string | null;
      uniqueKey: string | null;
    }
  | { kind: 'updateRoom'; name: string | null; uniqueKey: string | null; topic: string | null }
  | { kind: 'insertMember'; user: string; role: MemberRole }
  | { kind: 'deleteMember'; user: string }
  | { kind: 'countMembers'; by: 1 | -1 }
  | { kind: 'updateMemberRole'; user: string; role: MemberRole }
  | { kind: 'checkMember'; user: string }
  | { kind: 'insertMessage'; content: MessageContent; clientId: string | null }
  | { kind: 'updateMessage'; message: number; content: EditedContent }
  | { kind: 'deleteMessage'; message: number }
  | { kind: 'deleteMessageReactions'; message: number }
  | { kind: 'rewriteCreated'; message: number; payload: CreatedPayload; isDeleted: boolean }
  | { kind: 'insertReaction'; message: number; emoji: string; maxEmoji: number }
  | { kind: 'deleteReaction'; message: number; emoji: string };

/** The room in which a change happens, and its author. */
export interface ChangePlace {
  room: string;
  seq: number;
  at: number;
  actor: UserRef;
}

/** A value that every engine can bind. */
export type SqlValue = string | number | null;

/** A change's SQL and its values. */
export interface ChangeStatement<C> {
  sql: string;
  values: (change: C, place: ChangePlace) => SqlValue[];
}

function setting(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ?`).join(', ');
}

/** The SQL of every kind of change, the same for all engines. Placeholders are `?`. */
export function changeStatements(): {
  [Kind in Change['kind']]: ChangeStatement<Extract<Change, { kind: Kind }>>;
} {
  return {
    insertRoom: {
      sql: `INSERT INTO rooms (id, kind, name, search_name, topic, created_at, creator_id, client_id, unique_key,
          head, member_count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING`,
      values: (c, p) => [
        ...[p.room, c.roomKind, c.name, c.name.toLowerCase(), c.topic],
        ...[p.at, c.creator, c.clientId, c.uniqueKey],
      ],
    },
    updateRoom: {
      sql: `UPDATE rooms SET name = COALESCE(?, name), search_name = COALESCE(?, search_name), topic = COALESCE(?, topic),
          unique_key = COALESCE(?, unique_key)
        WHERE id = ? AND (name <> COALESCE(?, name) OR topic <> COALESCE(?, topic))
        AND NOT EXISTS (SELECT 1 FROM rooms AS other WHERE other.unique_key = ? AND other.id <> ?)`,
      values: (c, p) => [
        ...[c.name, c.name?.toLowerCase() ?? null, c.topic, c.uniqueKey],
        ...[p.room, c.name, c.topic, c.uniqueKey, p.room],
      ],
    },
    insertMember: {
      sql: `INSERT INTO members (room_id, user_id, role, joined_at, joined_seq, added_by) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING`,
      values: (c, p) => [p.room, c.user, c.role, p.at, p.seq, c.user === p.actor.id ? null : p.actor.id],
    },
    deleteMember: {
      sql: `DELETE FROM members WHERE room_id = ? AND user_id = ?`,
      values: (c, p) => [p.room, c.user],
    },
    countMembers: {
      sql: `UPDATE rooms SET member_count = member_count + ? WHERE id = ?`,
      values: (c, p) => [c.by, p.room],
    },
    updateMemberRole: {
      sql: `UPDATE members SET role = ? WHERE room_id = ? AND user_id = ? AND role <> ?`,
      values: (c, p) => [c.role, p.room, c.user, c.role],
    },
    checkMember: {
      // Changes nothing, but counts as a change if the row exists.
      sql: `UPDATE members SET role = role WHERE room_id = ? AND user_id = ?`,
      values: (c, p) => [p.room, c.user],
    },
    insertMessage: {
      sql: `INSERT INTO messages (room_id, seq, author_id, author_name, at, client_id, ${contentColumns.join(', ')})
        VALUES (?, ?, ?, ?, ?, ?, ${contentColumns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
      values: (c, p) => [p.room, p.seq, p.actor.id, p.actor.name, p.at, c.clientId, ...contentValues(c.content)],
    },
    updateMessage: {
      sql: `UPDATE messages SET ${setting(editedColumns)}, edited_at = ? WHERE room_id = ? AND seq = ?
        AND deleted_at IS NULL AND (${editedColumns.map((column) => `${column} IS DISTINCT FROM ?`).join(' OR ')})`,
      values: (c, p) => {
        const values = editedValues(c.content);
        return [...values, p.at, p.room, c.message, ...values];
      },
    },
    deleteMessage: {
      sql: `UPDATE messages SET ${setting(contentColumns)}, deleted_at = ? WHERE room_id = ? AND seq = ? AND deleted_at IS NULL`,
      values: (c, p) => [...contentValues(noContent), p.at, p.room, c.message],
    },
    deleteMessageReactions: {
      sql: `DELETE FROM reactions WHERE room_id = ? AND message_seq = ?`,
      values: (c, p) => [p.room, c.message],
    },
    rewriteCreated: {
      sql: `UPDATE events SET payload = ? WHERE room_id = ? AND seq = ?`,
      values: (c, p) => [
        JSON.stringify(c.isDeleted ? { ...c.payload, deletedAt: p.at } : c.payload),
        p.room,
        c.message,
      ],
    },
    insertReaction: {
      sql: `INSERT INTO reactions (room_id, message_seq, emoji, user_id, user_name, at)
        SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS
          (SELECT 1 FROM messages WHERE room_id = ? AND seq = ? AND deleted_at IS NULL)
        AND (SELECT count(DISTINCT emoji) FROM reactions WHERE room_id = ? AND message_seq = ? AND emoji <> ?) < ?
        ON CONFLICT DO NOTHING`,
      values: (c, p) => [
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
    },
    deleteReaction: {
      sql: `DELETE FROM reactions WHERE room_id = ? AND message_seq = ? AND emoji = ? AND user_id = ?`,
      values: (c, p) => [p.room, c.message, c.emoji, p.actor.id],
    },
  };
}
