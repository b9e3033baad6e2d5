import { join } from 'node:path';
import { openSqliteStore } from './sqlite/store.js';
import type { Store } from './store.js';

/**
 * Opens the store of a data folder.
 * @throws StartError in plain words.
 */
export function openStore(settings: { data: string }): Promise<Store> {
  return openSqliteStore(join(settings.data, 'madang.db'));
}
