import { join } from 'node:path';
import type { Logger } from '../logger.js';
import type { CopySide } from './copy-side.js';
import { startNewEpoch } from './epoch.js';
import { isPostgresAddress } from './postgres/conninfo.js';
import { openSqliteSide } from './sqlite/copy-side.js';
import { refuseUnfitDriver } from './sqlite/driver.js';
import {
  type BackupProgress,
  type BackupSummary,
  backUpDatabase,
  holdDatabase,
  restoreDatabase,
} from './sqlite/snapshot.js';
import { openSqliteStore } from './sqlite/store.js';
import type { Store } from './store.js';

/** Where a workspace is kept. */
export interface StoreSettings {
  /** The folder of a SQLite database; ignored with `database`. */
  data: string;
  /** The address of a PostgreSQL database, instead of SQLite. */
  database?: string | undefined;
  /** The most connections that this node holds to PostgreSQL. */
  databaseConnections: number;
}

export type { BackupProgress, BackupSummary };

/**
 * Opens the store: PostgreSQL where an address is given, else SQLite in the data folder.
 * @throws StartError in plain words.
 */
export async function openStore(settings: StoreSettings, logger: Logger): Promise<Store> {
  if (settings.database === undefined) return openSqliteStore(fileIn(settings.data), logger);
  // PostgreSQL's driver is loaded only where it is used: most starts do without it.
  const { openPostgresStore } = await import('./postgres/store.js');
  return openPostgresStore(settings.database, settings.databaseConnections, logger);
}

/**
 * Opens one end of a copy: a PostgreSQL address, or a folder, which may be written `sqlite:folder`. A source must
 * exist.
 * @throws StartError in plain words.
 */
export async function openCopySide(address: string, end: 'source' | 'target', logger: Logger): Promise<CopySide> {
  if (!isPostgresAddress(address)) {
    return openSqliteSide(fileIn(address.replace(/^sqlite:/, '')), end === 'source', logger);
  }
  return (await import('./postgres/copy-side.js')).openPostgresSide(address, logger);
}

/**
 * Backs up a data folder's current SQLite database into a file. A server may be running on it.
 * @throws StartError in plain words
 */
export function backUpStore(
  data: string,
  target: string,
  isOverwriting: boolean,
  onProgress: (progress: BackupProgress) => void = () => undefined,
): Promise<BackupSummary> {
  return backUpDatabase(fileIn(data), target, isOverwriting, onProgress);
}

/** Restores a backup into a data folder, and keeps the previous database beside it. See {@link restoreDatabase}. */
export function restoreStore(
  backup: string,
  data: string,
  onProgress: (progress: BackupProgress) => void,
): ReturnType<typeof restoreDatabase> {
  return restoreDatabase(backup, fileIn(data), onProgress);
}

/**
 * Copies a data folder's current SQLite database into another folder. A server may be running on it.
 * @throws StartError in plain words
 */
export async function copyStore(data: string, target: string): Promise<void> {
  await backUpDatabase(fileIn(data), fileIn(target), false, () => undefined);
}

/** Blocks writes to a data folder's SQLite database, including those of the server on it, until released. */
export function holdStore(data: string): { release(): void } {
  return holdDatabase(fileIn(data));
}

/**
 * Begins a new epoch at once. Nodes running on PostgreSQL adopt it; a server on SQLite must be stopped first.
 * @throws StartError in plain words
 */
export async function beginNewEpoch(settings: Pick<StoreSettings, 'data' | 'database'>, logger: Logger): Promise<void> {
  const { data, database } = settings;
  if (database !== undefined) return (await import('./postgres/prepare.js')).beginNewEpochAt(database);
  await using side = await openSqliteSide(fileIn(data), true, logger);
  await startNewEpoch(side.db);
}

/** The SQLite database in a folder. The caller is about to open it, so this Node must be able to. */
function fileIn(folder: string): string {
  refuseUnfitDriver();
  return join(folder, 'madang.db');
}
