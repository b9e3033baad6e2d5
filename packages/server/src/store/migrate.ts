import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import { StartError } from '../errors.js';
import * as first from './migrations/0001-first.js';
import type { Schema } from './schema.js';

const migrations: Record<string, Migration> = { '0001-first': first };

/**
 * Refuses a database that a newer Madang has written, before anything in it is touched.
 * @throws StartError
 */
export async function refuseNewer(db: Kysely<Schema>, name: string): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return;
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db);
  const unknown = rows.find((row) => !Object.hasOwn(migrations, row.name));
  if (unknown) {
    throw new StartError(
      `The database ${name} was written by a newer Madang (it has "${unknown.name}"). Nothing was changed; start that version or newer.`,
    );
  }
}

/** Brings a database up to date, and gives a new one its epoch. Returns the epoch. */
export async function migrate(db: Kysely<Schema>): Promise<string> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
  await db
    .insertInto('meta')
    .values({ key: 'epoch', value: randomUUID().slice(0, 8) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await db.selectFrom('meta').select('value').where('key', '=', 'epoch').executeTakeFirstOrThrow();
  return value;
}
