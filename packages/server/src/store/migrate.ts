import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { StartError } from '../errors.js';
import type { Dialect } from './dialect.js';
import { metaKeys, newEpochName } from './epoch.js';
import * as first from './migrations/0001-first.js';
import * as roomSearch from './migrations/0002-room-search.js';
import * as retention from './migrations/0003-retention.js';
import * as messageClientIndex from './migrations/0004-message-client-index.js';
import * as oneText from './migrations/0005-one-text.js';
import * as blocks from './migrations/0006-blocks.js';
import * as hostNames from './migrations/0007-host-names.js';
import * as logStart from './migrations/0008-log-start.js';
import * as readers from './migrations/0009-readers.js';
import * as mentions from './migrations/0010-mentions.js';
import * as deletedInLog from './migrations/0011-deleted-in-log.js';
import type { Schema } from './schema.js';

/** Each runs on either engine, with its dialect. */
const migrations: Record<string, (db: Kysely<unknown>, dialect: Dialect) => Promise<void>> = {
  '0001-first': (db, dialect) => first.up(db, dialect),
  '0002-room-search': (db, dialect) => roomSearch.up(db, dialect),
  '0003-retention': (db) => retention.up(db),
  '0004-message-client-index': (db) => messageClientIndex.up(db),
  '0005-one-text': (db, dialect) => oneText.up(db, dialect),
  '0006-blocks': (db, dialect) => blocks.up(db, dialect),
  '0007-host-names': (db, dialect) => hostNames.up(db, dialect),
  '0008-log-start': (db) => logStart.up(db),
  '0009-readers': (db, dialect) => readers.up(db, dialect),
  '0010-mentions': (db, dialect) => mentions.up(db, dialect),
  '0011-deleted-in-log': (db, dialect) => deletedInLog.up(db, dialect),
};

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
  const unknown = rows.find((row) => !Object.hasOwn(migrations, row.name));
  if (unknown) {
    throw new StartError(
      `The database ${name} was written by a newer Madang (it has "${unknown.name}"). Nothing was changed; start that version or newer.`,
    );
  }
}

/** Migrates a database to the current schema, and gives a new one its epoch. */
export async function migrate(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const bound = Object.entries(migrations).map(([name, run]): [string, Migration] => [
    name,
    { up: (on: Kysely<unknown>) => run(on, dialect) },
  ]);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(Object.fromEntries(bound)) } });
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
