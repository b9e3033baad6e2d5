import type { Kysely } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Schema } from './schema.js';

/** Rows of `meta` that describe one database. Copies leave them behind, unless noted. */
export const metaKeys = {
  /** The name of the unbroken history. A copy that continues it takes it along. */
  epoch: 'epoch',
  /** Why the next start must begin a new epoch, in words; absent if it need not. */
  newEpoch: 'new-epoch',
  /** The run that wrote last, or PostgreSQL's account of its own history. */
  history: 'history',
  /** Written by a check of the store. */
  probe: 'probe',
} as const;

/** Logged, with the reason, when a new epoch begins. */
export const NEW_EPOCH =
  'the database does not continue what was served last: a new epoch begins, and clients read again';

/** The rows of `meta` that a copy leaves behind. */
export const localKeys: readonly string[] = [metaKeys.newEpoch, metaKeys.history, metaKeys.probe];

/** Makes a name for a new history. */
export function newEpochName(): string {
  return randomUUID().slice(0, 8);
}

/** Reads a value of `meta`. */
export async function readMeta(db: Kysely<Schema>, key: string): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value;
}

/** Writes a value of `meta`. */
export async function writeMeta(db: Kysely<Schema>, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((on) => on.column('key').doUpdateSet({ value }))
    .execute();
}

/**
 * Records where a database stands in its history, in one transaction. Begins a new epoch if the database doesn't
 * continue the last run. Returns the current epoch.
 */
export async function enterHistory(db: Kysely<Schema>, history: string, isNew: boolean): Promise<string> {
  return db.transaction().execute(async (within) => {
    if (isNew) await writeMeta(within, metaKeys.epoch, newEpochName());
    await writeMeta(within, metaKeys.history, history);
    await within.deleteFrom('meta').where('key', '=', metaKeys.newEpoch).execute();
    return (await readMeta(within, metaKeys.epoch)) ?? '';
  });
}

/** Makes the next start on a database begin a new epoch, and log the reason. */
export function demandNewEpoch(db: Kysely<Schema>, reason: string): Promise<void> {
  return writeMeta(db, metaKeys.newEpoch, reason);
}

/** Begins a new epoch. */
export function startNewEpoch(db: Kysely<Schema>): Promise<void> {
  return writeMeta(db, metaKeys.epoch, newEpochName());
}

/** The sum of all rooms' heads. It grows with every event, and never falls within one history. */
export async function positionOf(db: Kysely<Schema>): Promise<number> {
  const { position } = await db
    .selectFrom('rooms')
    .select(({ fn }) => fn.sum<number | string | null>('head').as('position'))
    .executeTakeFirstOrThrow();
  return Number(position ?? 0);
}
