import type { Kysely } from 'kysely';
import { type Parameter, prepared } from '../prepared.js';
import type { Schema } from '../schema.js';

/** A member, with their current name. */
export interface MemberRow {
  id: string;
  name: string;
  role: Schema['members']['role'];
  joined_at: number;
  last_seen_at: number;
}

function membersOf(read: Kysely<Schema>, room: string) {
  return read
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.id', 'users.name', 'members.role', 'members.joined_at', 'users.last_seen_at'])
    .where('members.room_id', '=', room)
    .orderBy('members.joined_seq');
}

/** Members of a room in the order they joined; only those in `among`, if given. */
export function listMembers(
  read: Kysely<Schema>,
  room: string,
  page: { after?: string | undefined; limit: number; among?: string[] | undefined },
): Promise<MemberRow[]> {
  let query = membersOf(read, room).limit(page.limit);
  if (page.among) query = query.where('members.user_id', 'in', page.among);
  if (page.after) {
    const last = read
      .selectFrom('members')
      .select('joined_seq')
      .where('room_id', '=', room)
      .where('user_id', '=', page.after);
    query = query.where('members.joined_seq', '>', last);
  }
  return query.execute();
}

/** One member. */
export function findMember(read: Kysely<Schema>, room: string, user: string): Promise<MemberRow | undefined> {
  return membersOf(read, room).where('members.user_id', '=', user).executeTakeFirst();
}

/**
 * Who becomes the owner when one leaves. Nobody if another owner stays. Nobody in a room that a user of the app
 * created, which only its appointed owners may own. Otherwise the guest who has been a member longest.
 */
export async function successorOf(read: Kysely<Schema>, room: string, leaving: string): Promise<MemberRow | undefined> {
  const owner = await membersOf(read, room)
    .where('members.role', '=', 'owner')
    .where('members.user_id', '<>', leaving)
    .executeTakeFirst();
  if (owner) return undefined;
  const maker = await read
    .selectFrom('rooms')
    .innerJoin('users', 'users.id', 'rooms.creator_id')
    .select('users.kind')
    .where('rooms.id', '=', room)
    .executeTakeFirst();
  if (maker?.kind !== 'guest') return undefined;
  return membersOf(read, room)
    .where('members.user_id', '<>', leaving)
    .where('users.kind', '=', 'guest')
    .executeTakeFirst();
}

const roomIds = prepared((read, parameter: Parameter<{ user: string }>) =>
  read.selectFrom('members').select('room_id').where('user_id', '=', parameter('user')),
);

/** Whether a user created a room that has no owner now. */
export async function isOwnerless(read: Kysely<Schema>, room: string, maker: string): Promise<boolean> {
  const row = await read
    .selectFrom('rooms')
    .select('rooms.id')
    .where('rooms.id', '=', room)
    .where('rooms.creator_id', '=', maker)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('members')
            .select('user_id')
            .where('members.room_id', '=', room)
            .where('members.role', '=', 'owner'),
        ),
      ),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether two users share a room. */
export async function shareRoom(read: Kysely<Schema>, one: string, other: string): Promise<boolean> {
  const row = await read
    .selectFrom('members as ours')
    .innerJoin('members as theirs', 'theirs.room_id', 'ours.room_id')
    .select('ours.room_id')
    .where('ours.user_id', '=', one)
    .where('theirs.user_id', '=', other)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many rooms a user has entered on their own. Rooms that others brought them into don't count. */
export async function countOwnRooms(read: Kysely<Schema>, user: string): Promise<number> {
  const { count } = await read
    .selectFrom('members')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('user_id', '=', user)
    .where('added_by', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Hides a direct room from one of its two users until there is a message after a seq, or shows it. Returns whether that
 * changes anything.
 */
export async function hideRoom(
  write: Kysely<Schema>,
  member: { room: string; user: string },
  seq: number | null,
): Promise<boolean> {
  const result = await write
    .updateTable('members')
    .set({ hidden_seq: seq })
    .where('room_id', '=', member.room)
    .where('user_id', '=', member.user)
    .where('hidden_seq', seq === null ? 'is not' : 'is distinct from', seq)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** A user's direct rooms in which one of the two blocks the other. */
export async function blockedRoomsOf(read: Kysely<Schema>, user: string): Promise<string[]> {
  const rows = await blockedRooms(read, { user });
  return rows.map((row) => row.id);
}

const blockedRooms = prepared((read, parameter: Parameter<{ user: string }>) =>
  read
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select('rooms.id')
    .where('members.user_id', '=', parameter('user'))
    .where('rooms.blocked', '=', 1),
);

/** The ids of the rooms that a user is a member of. */
export async function roomIdsOf(read: Kysely<Schema>, user: string): Promise<string[]> {
  const rows = await roomIds(read, { user });
  return rows.map((row) => row.room_id);
}

const roomPlaces = prepared((read, parameter: Parameter<{ user: string }>) =>
  read
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select([
      'rooms.id as room',
      'rooms.head',
      'rooms.log_start as logStart',
      'members.joined_seq as joinedSeq',
      'members.joined_at as joinedAt',
    ])
    .where('members.user_id', '=', parameter('user')),
);

/** A user's rooms, with the start and head of each log and where the user joined. */
export function roomPlacesOf(
  read: Kysely<Schema>,
  user: string,
): Promise<{ room: string; head: number; logStart: number; joinedSeq: number; joinedAt: number }[]> {
  return roomPlaces(read, { user });
}
