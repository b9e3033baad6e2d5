import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';

/** The oldest SQLite without the WAL-reset corruption that two connections can run into (sqlite.org/wal.html). */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** How long to wait for another program's lock, in ms. */
export const BUSY_MS = 2000;

/**
 * Size above which SQLite and the write worker cut the WAL's file, in bytes. It is twice what commits write between two
 * checkpoints: a file that has to grow again makes each commit wait for the file system's journal as well.
 */
export const WAL_KEPT_BYTES = 32 * 1024 * 1024;

/** Opens the write side: WAL mode, with each commit synced to disk before it returns. */
export function openForWriting(file: string): Database.Database {
  const database = new Database(file, { timeout: BUSY_MS });
  refuseOldSqlite(database);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('mmap_size = 0');
  // The write thread checkpoints after answering. SQLite itself does so, during a commit, only if that fell behind.
  database.pragma('wal_autocheckpoint = 16000');
  database.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
  const synchronous = database.pragma('synchronous', { simple: true });
  const journal = database.pragma('journal_mode', { simple: true });
  if (synchronous !== 2 || journal !== 'wal') {
    throw new Error(`SQLite did not take synchronous=FULL with WAL (${String(synchronous)}, ${String(journal)})`);
  }
  return database;
}

/** Opens a read side, which never waits for the writer. */
export function openForReading(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
}

/** How many prepared statements a connection keeps. */
const MAX_STATEMENTS = 200;

/** Prepares each SQL text only once. The query builder prepares for every query, which costs more than most reads. */
export function preparingOnce(database: Database.Database): (sql: string) => Database.Statement {
  const statements = new LRUCache<string, Database.Statement>({ max: MAX_STATEMENTS });
  return (sql) => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
}

function refuseOldSqlite(database: Database.Database): void {
  const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > oldest) return;
    if (part < oldest) throw new Error(`SQLite ${version} is older than ${OLDEST_SQLITE.join('.')}`);
  }
}
