import type { MemberRole, RoomKind } from '@madang/protocol';
import { searchKey } from '@madang/protocol/data';
import { change, type ChangeOf } from './change-statement.js';
import { messageChanges } from './queries/messages.js';

export type { ChangePlace, ChangeStatement, SqlValue } from './change-statement.js';

/** What events do to the tables that queries read, by kind. `projections.ts` creates these changes, an engine runs them. */
export const changeStatements = {
  insertRoom: change<{
    roomKind: RoomKind;
    name: string;
    topic: string;
    creator: string | null;
    clientId: string | null;
    uniqueKey: string | null;
  }>(
    `INSERT INTO rooms (id, kind, name, search_name, topic, created_at, creator_id, client_id, unique_key,
          head, member_count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING`,
    (c, p) => [
      ...[p.room, c.roomKind, c.name, searchKey(c.name), c.topic],
      ...[p.at, c.creator, c.clientId, c.uniqueKey],
    ],
  ),
  updateRoom: change<{ name: string | null; uniqueKey: string | null; topic: string | null }>(
    `UPDATE rooms SET name = COALESCE(?, name), search_name = COALESCE(?, search_name), topic = COALESCE(?, topic),
          unique_key = COALESCE(?, unique_key)
        WHERE id = ? AND (name <> COALESCE(?, name) OR topic <> COALESCE(?, topic))
        AND NOT EXISTS (SELECT 1 FROM rooms AS other WHERE other.unique_key = ? AND other.id <> ?)`,
    (c, p) => [
      ...[c.name, c.name === null ? null : searchKey(c.name), c.topic, c.uniqueKey],
      ...[p.room, c.name, c.topic, c.uniqueKey, p.room],
    ],
  ),
  insertMember: change<{ user: string; role: MemberRole }>(
    `INSERT INTO members (room_id, user_id, role, joined_at, joined_seq, added_by) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING`,
    (c, p) => [p.room, c.user, c.role, p.at, p.seq, c.user === p.actor.id ? null : p.actor.id],
  ),
  deleteMember: change<{ user: string }>(`DELETE FROM members WHERE room_id = ? AND user_id = ?`, (c, p) => [
    p.room,
    c.user,
  ]),
  countMembers: change<{ by: 1 | -1 }>(`UPDATE rooms SET member_count = member_count + ? WHERE id = ?`, (c, p) => [
    c.by,
    p.room,
  ]),
  updateMemberRole: change<{ user: string; role: MemberRole }>(
    `UPDATE members SET role = ? WHERE room_id = ? AND user_id = ? AND role <> ?`,
    (c, p) => [c.role, p.room, c.user, c.role],
  ),
  // Changes nothing, but counts as a change if the row exists.
  checkMember: change<{ user: string }>(`UPDATE members SET role = role WHERE room_id = ? AND user_id = ?`, (c, p) => [
    p.room,
    c.user,
  ]),
  ...messageChanges,
};

/** A change. */
export type Change = ChangeOf<typeof changeStatements>;
