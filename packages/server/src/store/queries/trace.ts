import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** A user's joining or leaving a room. */
export interface MembershipChange {
  name: 'member.joined' | 'member.left';
  at: number;
}

/** A user's last join or leave up to an event of a room, and the first after it. */
export async function membershipAround(
  read: Kysely<Schema>,
  place: { room: string; seq: number; user: string },
): Promise<{ before?: MembershipChange | undefined; after?: MembershipChange | undefined }> {
  const member = await read
    .selectFrom('members')
    .select('joined_at')
    .where('room_id', '=', place.room)
    .where('user_id', '=', place.user)
    .where('joined_seq', '<=', place.seq)
    .executeTakeFirst();
  // Most users asked about have been members ever since, which saves reading the log.
  if (member) return { before: { name: 'member.joined', at: member.joined_at } };
  return {
    before: await changesOf(read, place).where('seq', '<=', place.seq).orderBy('seq', 'desc').executeTakeFirst(),
    after: await changesOf(read, place).where('seq', '>', place.seq).orderBy('seq', 'asc').executeTakeFirst(),
  };
}

/** A user's name, and when they were last online as far as the store knows. */
export function findLastSeen(
  read: Kysely<Schema>,
  user: string,
): Promise<{ id: string; name: string; last_seen_at: number } | undefined> {
  return read.selectFrom('users').select(['id', 'name', 'last_seen_at']).where('id', '=', user).executeTakeFirst();
}

/** How far a user has read a room, and when they got there. */
export function findRead(
  read: Kysely<Schema>,
  room: string,
  user: string,
): Promise<{ seq: number; at: number } | undefined> {
  return read
    .selectFrom('reads')
    .select(['seq', 'at'])
    .where('room_id', '=', room)
    .where('user_id', '=', user)
    .executeTakeFirst();
}

function changesOf(read: Kysely<Schema>, { room, user }: { room: string; user: string }) {
  // Quotes within a JSON text are escaped, so nobody's name can contain this.
  const id = `"id":${JSON.stringify(user)}`;
  return (
    read
      .selectFrom('events')
      .select(['name', 'at'])
      .where('room_id', '=', room)
      // Word for word as in the index, without which this would read the whole log.
      .where(sql<boolean>`name IN ('member.joined', 'member.left')`)
      // Both engines have `replace`, and unlike LIKE it is case-sensitive in both.
      .where(sql<boolean>`replace(payload, ${id}, '') <> payload`)
      .limit(1)
      .$castTo<MembershipChange>()
  );
}
