import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { inChunks } from './chunks.js';

/** Rooms whose heads differ from those given, with their actual heads. For PostgreSQL, which nodes share. */
export async function headsOtherThan(
  read: Kysely<Schema>,
  believed: ReadonlyMap<string, number>,
): Promise<{ room: string; head: number }[]> {
  const rooms = [...believed.keys()];
  const heads = [...believed.values()];
  const { rows } = await sql<{ room: string; head: number }>`SELECT rooms.id AS room, rooms.head AS head
    FROM unnest(${rooms}::text[], ${heads}::bigint[]) AS believed (room, head)
    JOIN rooms ON rooms.id = believed.room AND rooms.head <> believed.head`.execute(read);
  return rows;
}

/** A user's membership of a room. */
export interface Membership {
  user: string;
  room: string;
  head: number;
  joinedSeq: number;
}

/** The memberships that began after a moment. */
export function membershipsSince(read: Kysely<Schema>, since: number): Promise<Membership[]> {
  return memberships(read).where('members.joined_at', '>', since).execute();
}

/** All memberships of some users. */
export function membershipsOf(read: Kysely<Schema>, users: string[]): Promise<Membership[]> {
  return memberships(read).where('members.user_id', 'in', users).execute();
}

function memberships(read: Kysely<Schema>) {
  return read
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select([
      'members.user_id as user',
      'members.room_id as room',
      'members.joined_seq as joinedSeq',
      'rooms.head as head',
    ]);
}

/** The direct rooms of some users in which one of the two blocks the other. */
export async function blockedRoomsAmong(read: Kysely<Schema>, users: string[]): Promise<string[]> {
  const rows = await read
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select('rooms.id')
    .distinct()
    .where('members.user_id', 'in', users)
    .where('rooms.blocked', '=', 1)
    .execute();
  return rows.map(({ id }) => id);
}

/** Which of some sessions have not ended. */
export async function sessionsAmong(read: Kysely<Schema>, tokenHashes: string[]): Promise<Set<string>> {
  const there = new Set<string>();
  await inChunks(tokenHashes, async (chunk) => {
    const rows = await read.selectFrom('sessions').select('token_hash').where('token_hash', 'in', chunk).execute();
    for (const row of rows) there.add(row.token_hash);
  });
  return there;
}
