import type { User } from '@madang/protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { type Place, prepared } from '../prepared.js';
import { inChunks } from './chunks.js';

/** Adds a user, or gives one that is there its name of today. */
export async function saveUser(write: Kysely<Schema>, user: User): Promise<void> {
  await write
    .insertInto('users')
    .values({ id: user.id, kind: user.kind, name: user.name, created_at: user.createdAt, last_seen_at: user.createdAt })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: user.name }))
    .execute();
}

/** Finds a user. */
export async function findUser(read: Kysely<Schema>, id: string): Promise<User | undefined> {
  const row = await read.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { id: row.id, kind: row.kind, name: row.name, createdAt: row.created_at };
}

/** Remembers when users were last here. */
export async function touchUsers(write: Kysely<Schema>, ids: string[], at: number): Promise<void> {
  await inChunks(ids, (chunk) =>
    write.updateTable('users').set({ last_seen_at: at }).where('id', 'in', chunk).execute(),
  );
}

/**
 * Takes a name for a user until a moment, unless somebody else holds it now. Nobody can hold one beyond `latest`: that
 * was a clock that was wrong. One statement, so that of two who ask at once one gets it. Returns whether the user has it.
 */
export async function claimName(
  write: Kysely<Schema>,
  claim: { nameKey: string; user: string; now: number; until: number; latest: number },
): Promise<boolean> {
  const result = await write
    .insertInto('names')
    .values({ name_key: claim.nameKey, user_id: claim.user, held_until: claim.until })
    .onConflict((conflict) =>
      conflict
        .column('name_key')
        .doUpdateSet({ user_id: claim.user, held_until: claim.until })
        .where((where) =>
          where.or([
            where('names.user_id', '=', claim.user),
            where('names.held_until', '<', claim.now),
            where('names.held_until', '>', claim.latest),
          ]),
        ),
    )
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

const heldName = prepared((read, place: Place<{ nameKey: string; user: string; until: number; latest: number }>) =>
  read
    .selectFrom('names')
    .select('user_id')
    .where('name_key', '=', place('nameKey'))
    .where('user_id', '=', place('user'))
    .where('held_until', '>=', place('until'))
    .where('held_until', '<=', place('latest')),
);

/** Whether a user holds a name until a moment at least, and not beyond `latest`, where none can be held. */
export async function holdsName(
  read: Kysely<Schema>,
  claim: { nameKey: string; user: string; until: number; latest: number },
): Promise<boolean> {
  const rows = await heldName(read, claim);
  return rows.length > 0;
}

/** Gives back a user's names but one. */
export async function releaseNames(write: Kysely<Schema>, user: string, exceptKey = ''): Promise<void> {
  await write.deleteFrom('names').where('user_id', '=', user).where('name_key', '<>', exceptKey).execute();
}

/** Holds the names of users who are here a while longer. */
export async function holdNames(write: Kysely<Schema>, users: string[], until: number): Promise<void> {
  await inChunks(users, (chunk) =>
    write.updateTable('names').set({ held_until: until }).where('user_id', 'in', chunk).execute(),
  );
}
