import type { User, UserRef } from '@madang/protocol';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import type { Store } from '../store.js';
import { type Parameter, prepared } from '../prepared.js';
import { inChunks } from './chunks.js';

/** Adds a user, or updates the name of an existing one. With a `nameKey`, no guest can take that name any more. */
export async function saveUser(write: Kysely<Schema>, user: User, nameKey: string | null = null): Promise<void> {
  const { id, kind, name, createdAt } = user;
  await write
    .insertInto('users')
    .values({
      id,
      kind,
      name,
      name_key: nameKey,
      search_name: name.toLowerCase(),
      created_at: createdAt,
      last_seen_at: createdAt,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ name, name_key: nameKey, search_name: name.toLowerCase() }),
    )
    .execute();
}

/** Finds a user. */
export async function findUser(read: Kysely<Schema>, id: string): Promise<User | undefined> {
  const row = await read.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { id: row.id, kind: row.kind, name: row.name, createdAt: row.created_at };
}

/** Records when users were last online. */
export async function touchUsers(write: Kysely<Schema>, ids: string[], at: number): Promise<void> {
  await inChunks(ids, (chunk) =>
    write.updateTable('users').set({ last_seen_at: at }).where('id', 'in', chunk).execute(),
  );
}

/** Updates a user's name. */
export async function nameUser(write: Kysely<Schema>, { id, name }: UserRef): Promise<void> {
  await write.updateTable('users').set({ name, search_name: name.toLowerCase() }).where('id', '=', id).execute();
}

/** Takes a name from the guest who holds it, if any. Returns that guest's id. */
export async function takeNameAway(store: Pick<Store, 'read' | 'write'>, nameKey: string): Promise<User | undefined> {
  const held = await store.read
    .selectFrom('names')
    .select('user_id')
    .where('name_key', '=', nameKey)
    .executeTakeFirst();
  if (!held) return undefined;
  await store.write.deleteFrom('names').where('name_key', '=', nameKey).where('user_id', '=', held.user_id).execute();
  return findUser(store.read, held.user_id);
}

/**
 * Claims a name for a guest until a moment, unless another guest holds it now, or a user of the app has it. No claim
 * reaches beyond `latest`; one that does came from a wrong clock and doesn't count. A single statement, so that only
 * one of two simultaneous claims succeeds. Returns whether the guest has the name.
 */
export async function claimName(
  write: Kysely<Schema>,
  claim: { nameKey: string; user: string; now: number; until: number; latest: number },
): Promise<boolean> {
  const { nameKey, user, now, until, latest } = claim;
  const result = await sql`INSERT INTO names (name_key, user_id, held_until)
    SELECT cast(${nameKey} AS TEXT), cast(${user} AS TEXT), cast(${until} AS BIGINT)
    WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.name_key = ${nameKey})
    ON CONFLICT (name_key) DO UPDATE SET user_id = excluded.user_id, held_until = excluded.held_until
    WHERE names.user_id = excluded.user_id OR names.held_until < ${now} OR names.held_until > ${latest}`.execute(write);
  return (result.numAffectedRows ?? 0n) > 0n;
}

const heldName = prepared(
  (read, parameter: Parameter<{ nameKey: string; user: string; until: number; latest: number }>) =>
    read
      .selectFrom('names')
      .select('user_id')
      .where('name_key', '=', parameter('nameKey'))
      .where('user_id', '=', parameter('user'))
      .where('held_until', '>=', parameter('until'))
      .where('held_until', '<=', parameter('latest')),
);

/**
 * Whether a user holds a name at least until a moment, and not beyond `latest`, since no valid claim reaches that far.
 */
export async function holdsName(
  read: Kysely<Schema>,
  claim: { nameKey: string; user: string; until: number; latest: number },
): Promise<boolean> {
  const rows = await heldName(read, claim);
  return rows.length > 0;
}

/** Releases all of a user's names but one. */
export async function releaseNames(write: Kysely<Schema>, user: string, exceptKey = ''): Promise<void> {
  await write.deleteFrom('names').where('user_id', '=', user).where('name_key', '<>', exceptKey).execute();
}

/** Extends the claims of connected users to their names. */
export async function holdNames(write: Kysely<Schema>, users: string[], until: number): Promise<void> {
  await inChunks(users, (chunk) =>
    write.updateTable('names').set({ held_until: until }).where('user_id', 'in', chunk).execute(),
  );
}
