import { fail, type Room } from '@madang/protocol';
import { listBlocked } from '../store/queries/blocks.js';
import { findRoom, peersOf, type RoomRow } from '../store/queries/rooms.js';
import type { Context } from './context.js';

/** Rooms as the caller sees them. */
export async function describeRooms(rows: RoomRow[], context: Context): Promise<Room[]> {
  const { authority, store } = context.parts;
  const user = context.session.user.id;
  const directs = rows.filter((row) => row.kind === 'direct').map((row) => row.id);
  const peers = await peersOf(store.read, directs, user);
  const blocked = await blockedAmong(rows, context);
  return rows.map((row) => {
    const peer = peers.get(row.id);
    return {
      id: row.id,
      kind: row.kind,
      name: row.name,
      topic: row.topic,
      createdAt: row.created_at,
      ...(row.active_at !== null && { activeAt: row.active_at }),
      head: row.head,
      members: row.member_count,
      ...(row.role !== null && {
        role: row.role,
        joined: row.joined ?? 0,
        read: row.read ?? 0,
        unread: row.unread,
        mentions: row.mentions,
      }),
      ...(peer && { peer }),
      ...(row.hidden && { hidden: true as const }),
      ...(row.favorite === 1 && { favorite: true as const }),
      ...(row.section !== null && { section: row.section }),
      ...(row.level === 'nothing' && { level: row.level }),
      ...(peer && blocked.has(peer.id) && { blocked: true as const }),
      can: authority.inRoom(row),
    };
  });
}

/** The users whom the caller blocks, if that matters for any of the rooms. */
async function blockedAmong(rows: RoomRow[], context: Context): Promise<Set<string>> {
  if (!rows.some((row) => row.blocked)) return new Set();
  const users = await listBlocked(context.parts.store.read, context.session.user.id);
  return new Set(users.map(({ id }) => id));
}

/** One room as the caller sees it now. */
export async function describeRoom(room: string, context: Context): Promise<Room> {
  const row = await findRoom(context.parts.store.read, room, context.session.user.id);
  const [described] = row ? await describeRooms([row], context) : [];
  return described ?? fail('not_found', 'There is no such room');
}
