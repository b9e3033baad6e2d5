import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { inChunks } from './chunks.js';

/** Where rooms' logs end; rooms that are not there are left out. */
export async function headsOf(read: Kysely<Schema>, rooms: string[]): Promise<Map<string, number>> {
  const heads = new Map<string, number>();
  await inChunks(rooms, async (chunk) => {
    const rows = await read.selectFrom('rooms').select(['id', 'head']).where('id', 'in', chunk).execute();
    for (const row of rows) heads.set(row.id, row.head);
  });
  return heads;
}

/** A user's place in a room. */
export interface Membership {
  user: string;
  room: string;
  head: number;
  joinedSeq: number;
}

/** All memberships of some users. */
export async function membershipsOf(read: Kysely<Schema>, users: string[]): Promise<Membership[]> {
  const memberships: Membership[] = [];
  await inChunks(users, async (chunk) => {
    const rows = await read
      .selectFrom('members')
      .innerJoin('rooms', 'rooms.id', 'members.room_id')
      .select(['members.user_id', 'members.room_id', 'members.joined_seq', 'rooms.head'])
      .where('members.user_id', 'in', chunk)
      .execute();
    for (const row of rows) {
      memberships.push({ user: row.user_id, room: row.room_id, head: row.head, joinedSeq: row.joined_seq });
    }
  });
  return memberships;
}

/** Those of some sessions that have not ended. */
export async function sessionsAmong(read: Kysely<Schema>, tokenHashes: string[]): Promise<Set<string>> {
  const there = new Set<string>();
  await inChunks(tokenHashes, async (chunk) => {
    const rows = await read.selectFrom('sessions').select('token_hash').where('token_hash', 'in', chunk).execute();
    for (const row of rows) there.add(row.token_hash);
  });
  return there;
}
