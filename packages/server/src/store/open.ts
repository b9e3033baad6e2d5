import { join } from 'node:path';
import { openPostgresStore } from './postgres/store.js';
import { openSqliteStore } from './sqlite/store.js';
import type { Store } from './store.js';

/** Where a yard is kept. */
export interface StoreSettings {
  /** The folder of a SQLite database; not used with `database`. */
  data: string;
  /** The address of a PostgreSQL database, instead of SQLite. */
  database?: string | undefined;
  /** Connections that this node holds to PostgreSQL at most. */
  databaseConnections: number;
}

/**
 * Opens the store: PostgreSQL where an address is given, else SQLite in the data folder.
 * @throws StartError in plain words.
 */
export function openStore(settings: StoreSettings): Promise<Store> {
  return settings.database === undefined
    ? openSqliteStore(join(settings.data, 'madang.db'))
    : openPostgresStore(settings.database, settings.databaseConnections);
}
