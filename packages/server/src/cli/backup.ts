import { PlainError } from '../errors.js';
import { createLogger } from '../logger.js';
import { type BackupSummary, backUpStore, beginNewEpoch, restoreStore } from '../store/open.js';
import { progressOn } from './progress.js';

/** The settings that name a workspace's database. */
interface DatabaseSettings {
  data: string;
  database?: string | undefined;
}

/**
 * `madang backup`: copies the current database into a file, even under load, and checks the copy.
 * @throws PlainError in plain words
 */
export async function backup(
  { data, database }: DatabaseSettings,
  file: string,
  isOverwriting: boolean,
): Promise<void> {
  refusePostgres(database, 'pg_dump --format=custom makes a backup of it while it runs, and pg_restore puts it back');
  process.stderr.write(`Backing ${data} up into ${file}\n`);
  const summary = await backUpStore(data, file, isOverwriting, progressOn(process.stderr));
  process.stderr.write(`${endOfBar()}Done: ${inWords(summary)}, checked, in ${file}.\n`);
}

/**
 * `madang restore`: restores a backup into the data folder, and keeps the previous database under another name.
 * @throws PlainError in plain words
 */
export async function restore({ data, database }: DatabaseSettings, file: string): Promise<void> {
  refusePostgres(database, 'pg_restore puts a backup back');
  process.stderr.write(`Restoring ${file} into ${data}\n`);
  const { kept, summary } = await restoreStore(file, data, progressOn(process.stderr));
  process.stderr.write(`${endOfBar()}Done: ${inWords(summary)}, checked. The next start begins a new epoch.\n`);
  if (kept !== undefined) process.stderr.write(`The database that was there is kept as ${kept}; remove it in time.\n`);
}

/**
 * `madang new-epoch`: declares that the database doesn't continue what was served last, where nothing else shows it:
 * after a whole disk was put back.
 * @throws PlainError in plain words
 */
export async function newEpoch(settings: DatabaseSettings): Promise<void> {
  const logger = createLogger({ level: 'error', isForPeople: true });
  await beginNewEpoch(settings, logger);
  process.stderr.write('Done: a new epoch has begun. Clients read again what they have.\n');
}

function refusePostgres(database: string | undefined, instead: string): void {
  if (database !== undefined) throw new PlainError(`This is for SQLite. With PostgreSQL, ${instead}.`);
}

function endOfBar(): string {
  return process.stderr.isTTY ? '\n' : '';
}

function inWords({ messages, rooms, rows, bytes }: BackupSummary): string {
  return `${messages} messages in ${rooms} rooms (${rows} rows, ${(bytes / 1024 ** 2).toFixed(1)} MB)`;
}
