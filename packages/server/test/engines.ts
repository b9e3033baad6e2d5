import { join } from 'node:path';
import { startPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { tempFolder } from '../../../tests/support/temp-folder.ts';
import { createLogger } from '../dist/logger.js';
import { openStore } from '../dist/store/open.js';
import type { Store } from '../dist/store/store.js';

/** A logger that writes nothing. */
export const silent = createLogger({ level: 'silent' });

/** A database of one engine. */
export interface TestDatabase extends AsyncDisposable {
  /** Opens a store on it. With PostgreSQL several may be open at once, each one a node. */
  open(): Promise<Store>;
  /** Runs SQL behind the store's back; with SQLite only while no store is open. */
  sql(text: string): Promise<unknown>;
  /** Its address for `madang copy`. */
  readonly address: string;
}

/** A kind of database that a store runs on. */
export interface Engine extends AsyncDisposable {
  readonly name: 'sqlite' | 'postgres';
  /** How many stores may be open on one database. */
  readonly nodes: number;
  newDatabase(): Promise<TestDatabase>;
}

/** Every engine. A new one is a new row here. */
export const engines: Record<Engine['name'], () => Promise<Engine>> = {
  sqlite: () => Promise.resolve(sqlite()),
  postgres: async () => postgres(await startPostgres()),
};

function sqlite(): Engine {
  return {
    name: 'sqlite',
    nodes: 1,
    newDatabase: () => {
      const folder = tempFolder();
      const stores: Store[] = [];
      return Promise.resolve({
        address: folder.path,
        open: async () => remember(stores, await openStore({ data: folder.path, databaseConnections: 8 }, silent)),
        sql: async (text) => {
          const { default: Database } = await import('better-sqlite3');
          const database = new Database(join(folder.path, 'madang.db'));
          database.exec(text);
          database.close();
        },
        [Symbol.asyncDispose]: async () => {
          await closeAll(stores);
          folder[Symbol.dispose]();
        },
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The engine that runs on a cluster. */
function postgres(cluster: TestPostgres): Engine {
  return {
    name: 'postgres',
    nodes: 2,
    newDatabase: async () => {
      const address = await cluster.newDatabase();
      const stores: Store[] = [];
      return {
        address,
        open: async () =>
          remember(stores, await openStore({ data: '', database: address, databaseConnections: 4 }, silent)),
        sql: (text) => cluster.sql(address, text),
        [Symbol.asyncDispose]: () => closeAll(stores),
      };
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

function remember(stores: Store[], store: Store): Store {
  stores.push(store);
  return store;
}

async function closeAll(stores: Store[]): Promise<void> {
  await Promise.all(stores.map((store) => store.close()));
}
