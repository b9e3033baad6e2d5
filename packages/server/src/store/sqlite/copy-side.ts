import type Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { existsSync } from 'node:fs';
import { StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { type CopiedTable, type CopySide, type Row, saveMark } from '../copy-side.js';
import type { Schema } from '../schema.js';
import { openForWriting } from './connection.js';
import { explain } from './failures.js';
import { lockFile, prepare } from './prepare.js';

/**
 * Opens a SQLite database for a copy. Refuses if a server is running on it.
 * @throws StartError in plain words
 */
export async function openSqliteSide(file: string, mustExist: boolean, logger: Logger): Promise<CopySide> {
  if (mustExist && !existsSync(file)) throw new StartError(`There is no database ${file}.`);
  const lock = lockFile(file);
  try {
    await prepare(file, logger);
    return new SqliteSide(file, lock);
  } catch (error) {
    lock.close();
    throw error instanceof StartError ? error : new StartError(explain(file, error));
  }
}

class SqliteSide implements CopySide {
  readonly name: string;
  readonly db: Kysely<Schema>;
  readonly #database: Database.Database;
  readonly #lock: Database.Database;

  constructor(file: string, lock: Database.Database) {
    this.name = file;
    this.#lock = lock;
    this.#database = openForWriting(file);
    this.db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: this.#database }) });
  }

  expect(): Promise<void> {
    return Promise.resolve();
  }

  write(table: CopiedTable, rows: Row[], mark: string): Promise<void> {
    const columns = Object.keys(rows[0] ?? {});
    const places = columns.map((column) => `@${column}`).join(', ');
    const insert = this.#database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`);
    const remember = this.#database.prepare(saveMark('?'));
    this.#database.transaction(() => {
      for (const row of rows) insert.run(row);
      remember.run(mark);
    })();
    return Promise.resolve();
  }

  finish(): Promise<void> {
    this.#database.exec('ANALYZE');
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db.destroy();
    this.#lock.close();
  }
}
