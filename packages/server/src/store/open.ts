import { join } from 'node:path';
import type { CopySide } from './copy-side.js';
import { openPostgresSide } from './postgres/copy-side.js';
import { openPostgresStore } from './postgres/store.js';
import { openSqliteSide } from './sqlite/copy-side.js';
import { refuseUnfitDriver } from './sqlite/driver.js';
import { copyDatabase, holdDatabase } from './sqlite/snapshot.js';
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

const POSTGRES = /^postgres(ql)?:/;

/**
 * Opens the store: PostgreSQL where an address is given, else SQLite in the data folder.
 * @throws StartError in plain words.
 */
export function openStore(settings: StoreSettings): Promise<Store> {
  return settings.database === undefined
    ? openSqliteStore(fileIn(settings.data))
    : openPostgresStore(settings.database, settings.databaseConnections);
}

/**
 * Opens one end of a copy: `postgres://…`, or a folder, also as `sqlite:folder`. A source must be there.
 * @throws StartError in plain words.
 */
export function openCopySide(place: string, end: 'source' | 'target'): Promise<CopySide> {
  return POSTGRES.test(place)
    ? openPostgresSide(place)
    : openSqliteSide(fileIn(place.replace(/^sqlite:/, '')), end === 'source');
}

/**
 * Puts a copy of a data folder's SQLite database, as it is now, into another folder. A server may run on it meanwhile.
 * @throws StartError in plain words
 */
export function copyStore(data: string, target: string): Promise<void> {
  return copyDatabase(fileIn(data), fileIn(target));
}

/** Keeps a data folder's SQLite database from being written, also by the server on it, until it is released. */
export function holdStore(data: string): { release(): void } {
  return holdDatabase(fileIn(data));
}

/** The SQLite database in a folder; whoever asks will open it, so this Node must be able to. */
function fileIn(folder: string): string {
  refuseUnfitDriver();
  return join(folder, 'madang.db');
}
