import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { readdirSync } from 'node:fs';
import { StartError } from '../errors.js';
import type { Dialect } from './dialect.js';
import { metaKeys, newEpochName } from './epoch.js';
import type { Schema } from './schema.js';

/** The migrations' files: beside this one in `dist/`, and in the bundle as well. */
const folder = new URL('migrations/', import.meta.url);

/** What a migration's file exports. It runs on either engine, with its dialect. */
interface MigrationFile {
  readonly up: (db: Kysely<unknown>, dialect: Dialect) => Promise<void>;
}

/** The names of all migrations, in the order in which they run. */
function migrationNames(): string[] {
  return readdirSync(folder)
    .flatMap((file) => /^(\d{4}-[a-z0-9-]+)\.js$/.exec(file)?.[1] ?? [])
    .sort();
}

/** A migration, which is loaded only if it has to run. */
function migrationOf(name: string, dialect: Dialect): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      const { up } = (await import(new URL(`${name}.js`, folder).href)) as MigrationFile;
      await up(db, dialect);
    },
  };
}

/** The key in `meta` of an unfinished copy. A database that has it is incomplete. */
export const COPY_KEY = 'copy';

/**
 * Refuses a database that is not Madang's, or that was written by a newer version, before touching anything in it.
 * @throws StartError
 */
export async function refuseForeign(db: Kysely<Schema>, name: string): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) {
    const foreign = tables.find((table) => ['users', 'rooms', 'messages', 'events', 'sessions'].includes(table.name));
    if (!foreign) return;
    throw new StartError(
      `The database ${name} belongs to another program (its table "${foreign.name}" is not Madang's). Nothing was changed; give Madang a database of its own.`,
    );
  }
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db);
  const known = new Set(migrationNames());
  const unknown = rows.find((row) => !known.has(row.name));
  if (unknown) {
    throw new StartError(
      `The database ${name} was written by a newer Madang (it has "${unknown.name}"). Nothing was changed; start that version or newer.`,
    );
  }
}

/** Migrates a database to the current schema, and gives a new one its epoch. */
export async function migrate(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const migrations = Object.fromEntries(migrationNames().map((name) => [name, migrationOf(name, dialect)]));
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
  await db
    .insertInto('meta')
    .values({ key: metaKeys.epoch, value: newEpochName() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * Refuses a database that holds an unfinished copy.
 * @throws StartError
 */
export async function refuseUnfinishedCopy(db: Kysely<Schema>, name: string): Promise<void> {
  const copy = await db.selectFrom('meta').select('key').where('key', '=', COPY_KEY).executeTakeFirst();
  if (!copy) return;
  throw new StartError(
    `A copy into the database ${name} is not finished. Run the same madang copy again to finish it.`,
  );
}
