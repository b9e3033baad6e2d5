import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** Somebody's coming into a room, or leaving it. */
export interface MembershipChange {
  name: 'member.joined' | 'member.left';
  at: number;
}

/** A user's last coming or leaving up to an event of a room, and the first after it. */
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
  // Who has been there ever since is most of those who are asked for; it spares the log.
  if (member) return { before: { name: 'member.joined', at: member.joined_at } };
  return {
    before: await changesOf(read, place).where('seq', '<=', place.seq).orderBy('seq', 'desc').executeTakeFirst(),
    after: await changesOf(read, place).where('seq', '>', place.seq).orderBy('seq', 'asc').executeTakeFirst(),
  };
}

/** A user's name, and when they were last here as far as the store knows. */
export function findLastSeen(
  read: Kysely<Schema>,
  user: string,
): Promise<{ id: string; name: string; last_seen_at: number } | undefined> {
  return read.selectFrom('users').select(['id', 'name', 'last_seen_at']).where('id', '=', user).executeTakeFirst();
}

/** How far a user has read a room, and when they came that far. */
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
  // A quote within a JSON text is escaped, so nobody's name can hold this.
  const id = `"id":${JSON.stringify(user)}`;
  return (
    read
      .selectFrom('events')
      .select(['name', 'at'])
      .where('room_id', '=', room)
      // As the index has it, word for word; it is the index that keeps this from reading the whole log.
      .where(sql<boolean>`name IN ('member.joined', 'member.left')`)
      // Both engines know `replace`, and unlike LIKE it knows large letters from small ones in both.
      .where(sql<boolean>`replace(payload, ${id}, '') <> payload`)
      .limit(1)
      .$castTo<MembershipChange>()
  );
}
