import type { UserRef } from '@madang/protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';

/** Records that one user blocks another. */
export async function insertBlock(
  write: Kysely<Schema>,
  block: { user: string; blocked: string; at: number },
): Promise<void> {
  await write
    .insertInto('blocks')
    .values({ user_id: block.user, blocked_id: block.blocked, at: block.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Ends a block. */
export async function deleteBlock(write: Kysely<Schema>, user: string, blocked: string): Promise<void> {
  await write.deleteFrom('blocks').where('user_id', '=', user).where('blocked_id', '=', blocked).execute();
}

/** Which of two users block the other: none, one, or both. */
export async function blockersOf(read: Kysely<Schema>, one: string, other: string): Promise<string[]> {
  const rows = await read
    .selectFrom('blocks')
    .select('user_id')
    .where((where) =>
      where.or([
        where.and([where('user_id', '=', one), where('blocked_id', '=', other)]),
        where.and([where('user_id', '=', other), where('blocked_id', '=', one)]),
      ]),
    )
    .execute();
  return rows.map((row) => row.user_id);
}

/** The users whom a user blocks, by name. */
export function listBlocked(read: Kysely<Schema>, user: string): Promise<UserRef[]> {
  return read
    .selectFrom('blocks')
    .innerJoin('users', 'users.id', 'blocks.blocked_id')
    .select(['users.id', 'users.name'])
    .where('blocks.user_id', '=', user)
    .orderBy('users.name')
    .orderBy('users.id')
    .execute();
}

/** Records on a direct room whether one of the two blocks the other. */
export async function setBlocked(write: Kysely<Schema>, room: string, blocked: boolean): Promise<void> {
  await write
    .updateTable('rooms')
    .set({ blocked: blocked ? 1 : 0 })
    .where('id', '=', room)
    .execute();
}
