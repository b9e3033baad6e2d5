import { type MemberRole, type NotificationLevel, type RoomKind, searchedPart, type UserRef } from '@madang/protocol';
import { type Kysely, sql } from 'kysely';
import { type Parameter, prepared } from '../prepared.js';
import type { Schema } from '../schema.js';
import { mentionsBy } from './mentions.js';
import { unreadBy } from './unread.js';

/** A room from one user's point of view. */
export interface RoomRow {
  id: string;
  kind: RoomKind;
  name: string;
  topic: string;
  created_at: number;
  /** When its newest message was sent; null if there is none. */
  active_at: number | null;
  head: number;
  member_count: number;
  role: MemberRole | null;
  joined: number | null;
  read: number | null;
  /** See {@link unreadBy}; 0 where the user is no member. */
  unread: number;
  /** See {@link mentionsBy}; 0 where the user is no member. */
  mentions: number;
  /** 1 if one of the two in a direct room blocks the other. */
  blocked: number;
  /** See the columns of `members`; null where the user is no member. */
  favorite: number | null;
  section: string | null;
  level: NotificationLevel | null;
  /** 1 if the user has hidden it and no message has come since, else 0. */
  hidden: number;
}

function roomsSeenBy(read: Kysely<Schema>, user: string) {
  return read
    .selectFrom('rooms')
    .leftJoin('members', (join) => join.onRef('members.room_id', '=', 'rooms.id').on('members.user_id', '=', user))
    .leftJoin('reads', (join) => join.onRef('reads.room_id', '=', 'rooms.id').on('reads.user_id', '=', user))
    .select([
      ...(['rooms.id', 'rooms.kind', 'rooms.name', 'rooms.topic', 'rooms.created_at'] as const),
      ...(['rooms.head', 'rooms.member_count', 'members.role'] as const),
      ...(['members.joined_seq as joined', 'reads.seq as read', 'rooms.blocked'] as const),
      ...(['members.favorite', 'members.section', 'members.level'] as const),
      activeAt().as('active_at'),
      unreadBy(user).as('unread'),
      mentionsBy(user).as('mentions'),
      hiddenNow().as('hidden'),
    ]);
}

function activeAt() {
  return sql<number | null>`(
    SELECT messages.at FROM messages WHERE messages.room_id = rooms.id ORDER BY messages.seq DESC LIMIT 1
  )`;
}

/** Queried only for the few hidden rooms, so that no send has to unhide one. */
function hiddenNow() {
  return sql<number>`CASE WHEN members.hidden_seq IS NULL THEN 0 WHEN EXISTS (
    SELECT 1 FROM messages WHERE messages.room_id = rooms.id AND messages.seq > members.hidden_seq
  ) THEN 0 ELSE 1 END`;
}

const oneRoom = prepared((read, parameter: Parameter<{ room: string; user: string }>) =>
  roomsSeenBy(read, parameter('user')).where('rooms.id', '=', parameter('room')),
);

/** One room. */
export async function findRoom(read: Kysely<Schema>, room: string, user: string): Promise<RoomRow | undefined> {
  const [row] = await oneRoom(read, { room, user });
  return row;
}

const ownRooms = prepared((read, parameter: Parameter<{ user: string }>) =>
  roomsSeenBy(read, parameter('user')).where('members.user_id', '=', parameter('user')).orderBy('rooms.name'),
);

/** The rooms that a user is a member of. */
export function roomsOf(read: Kysely<Schema>, user: string): Promise<RoomRow[]> {
  return ownRooms(read, { user });
}

/** Public rooms and a user's own, by name. */
export function listRooms(
  read: Kysely<Schema>,
  user: string,
  page: { search?: string | undefined; after?: string | undefined; limit: number },
): Promise<RoomRow[]> {
  let query = roomsSeenBy(read, user)
    .where((where) =>
      where.or([
        where('rooms.kind', '=', 'public'),
        where.and([where('rooms.kind', '=', 'private'), where('members.role', 'is not', null)]),
      ]),
    )
    .orderBy('rooms.name')
    .orderBy('rooms.id')
    .limit(page.limit);
  if (page.search) {
    const { part, isInitials } = searchedPart(page.search);
    const pattern = `${isInitials ? '%\n' : ''}%${part.replaceAll(/[\\%_]/g, '\\$&')}%`;
    query = query.where(sql<boolean>`rooms.search_name LIKE ${pattern} ESCAPE '\\'`);
  }
  if (page.after) {
    const last = read.selectFrom('rooms').select(['name', 'id']).where('id', '=', page.after);
    query = query.where(sql<boolean>`(rooms.name, rooms.id) > (${last})`);
  }
  return query.execute();
}

/** The public rooms with the given ids or names, in the order of their creation. */
export function findDefaultRooms(
  read: Kysely<Schema>,
  named: readonly string[],
): Promise<{ id: string; name: string }[]> {
  return read
    .selectFrom('rooms')
    .select(['id', 'name'])
    .where('kind', '=', 'public')
    .where((where) => where.or([where('id', 'in', named), where('name', 'in', named)]))
    .orderBy('created_at')
    .execute();
}

/** The room that holds a unique key: a public room's name, or a direct room's pair. */
export function findRoomByKey(read: Kysely<Schema>, key: string): Promise<{ id: string } | undefined> {
  return read.selectFrom('rooms').select('id').where('unique_key', '=', key).executeTakeFirst();
}

/** The room that a user created under a `clientId`. */
export function findRoomByClientId(
  read: Kysely<Schema>,
  creator: string,
  clientId: string,
): Promise<{ id: string } | undefined> {
  return read
    .selectFrom('rooms')
    .select('id')
    .where('creator_id', '=', creator)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}

/** When the newest event in any room was committed; 0 if there is none. */
export async function newestEventAt(read: Kysely<Schema>): Promise<number> {
  const row = await read
    .selectFrom('rooms')
    .innerJoin('events', (join) => join.onRef('events.room_id', '=', 'rooms.id').onRef('events.seq', '=', 'rooms.head'))
    .select((query) => query.fn.max('events.at').as('at'))
    .executeTakeFirst();
  return row?.at ?? 0;
}

/** For direct rooms: the other user in each. */
export async function peersOf(read: Kysely<Schema>, rooms: string[], user: string): Promise<Map<string, UserRef>> {
  if (rooms.length === 0) return new Map();
  const rows = await read
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.room_id', 'users.id', 'users.name'])
    .where('members.room_id', 'in', rooms)
    .where('members.user_id', '<>', user)
    .execute();
  return new Map(rows.map((row) => [row.room_id, { id: row.id, name: row.name }]));
}
