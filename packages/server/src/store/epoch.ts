import type { Kysely } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Schema } from './schema.js';

/** Rows of `meta` that belong to one database and are never carried to another. */
export const metaKeys = {
  /** The name of the unbroken history. A copy that goes on with it takes it along. */
  epoch: 'epoch',
  /** Why the next start has to begin a new epoch, in words; absent when it need not. */
  newEpoch: 'new-epoch',
  /** The run that wrote last, or what PostgreSQL tells of its own history. */
  history: 'history',
  /** What a check of the store writes. */
  probe: 'probe',
} as const;

/** What a log says when a new epoch begins; the reason stands beside it. */
export const NEW_EPOCH = 'the database is not what was served last: a new epoch begins, and clients read again';

/** The rows of `meta` that a copy leaves where they are. */
export const localKeys: readonly string[] = [metaKeys.newEpoch, metaKeys.history, metaKeys.probe];

/** A name for a history that begins. */
export function newEpochName(): string {
  return randomUUID().slice(0, 8);
}

/** A value of `meta`. */
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
 * Says where a database stands in its history, in one transaction: with a new epoch if it isn't the continuation of the
 * last run. Answers the epoch that holds from now on.
 */
export async function enterHistory(db: Kysely<Schema>, history: string, isNew: boolean): Promise<string> {
  return db.transaction().execute(async (within) => {
    if (isNew) await writeMeta(within, metaKeys.epoch, newEpochName());
    await writeMeta(within, metaKeys.history, history);
    await within.deleteFrom('meta').where('key', '=', metaKeys.newEpoch).execute();
    return (await readMeta(within, metaKeys.epoch)) ?? '';
  });
}

/** Sees to it that the next start on a database begins a new epoch, for a reason that its log then tells. */
export function demandNewEpoch(db: Kysely<Schema>, reason: string): Promise<void> {
  return writeMeta(db, metaKeys.newEpoch, reason);
}

/** Begins a new epoch. */
export function startNewEpoch(db: Kysely<Schema>): Promise<void> {
  return writeMeta(db, metaKeys.epoch, newEpochName());
}

/** All rooms' heads together: it grows with every event, and never falls while a history goes on. */
export async function positionOf(db: Kysely<Schema>): Promise<number> {
  const { position } = await db
    .selectFrom('rooms')
    .select(({ fn }) => fn.sum<number | string | null>('head').as('position'))
    .executeTakeFirstOrThrow();
  return Number(position ?? 0);
}
