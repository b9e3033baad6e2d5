import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';

const KEY = 'workspace_id';

/**
 * A permanent name of the database, 8 hexadecimal digits. Unlike the epoch it survives restores and copies. The first
 * call creates it.
 */
export async function workspaceIdOf(write: Kysely<Schema>): Promise<string> {
  const fresh = { key: KEY, value: randomUUID().slice(0, 8) };
  await write
    .insertInto('meta')
    .values(fresh)
    .onConflict((on) => on.column('key').doNothing())
    .execute();
  const { value } = await write.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirstOrThrow();
  return value;
}
