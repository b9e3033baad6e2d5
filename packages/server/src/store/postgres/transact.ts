import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import type { Transaction } from '../store.js';

/** Ends a transaction whose guard changed no row. */
class Unguarded extends Error {}

/** Runs statements as one transaction; false, with nothing done, when one of `guards` changes no row. */
export async function transact(write: Kysely<Schema>, { guards, work }: Transaction): Promise<boolean> {
  try {
    await write.transaction().execute(async (open) => {
      for (const guard of guards) {
        const { numAffectedRows = 0n } = await open.executeQuery(guard);
        if (numAffectedRows === 0n) throw new Unguarded();
      }
      for (const statement of work) await open.executeQuery(statement);
    });
    return true;
  } catch (error) {
    if (error instanceof Unguarded) return false;
    throw error;
  }
}
