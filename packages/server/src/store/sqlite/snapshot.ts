import type Database from 'better-sqlite3';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../../errors.js';
import { openForReading, openForWriting } from './connection.js';
import { explain } from './store.js';

/** How long a hold waits for a commit that is under way, in ms. */
const HOLD_TIMEOUT_MS = 5000;

/** More pages than a database has. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies a database as it is at one moment, also while a server runs on it. It is opened for reading alone.
 * @throws StartError in plain words
 */
export async function copyDatabase(file: string, target: string): Promise<void> {
  if (!existsSync(file)) throw new StartError(`There is no database ${file}.`);
  let database: Database.Database | undefined;
  try {
    database = openForReading(file);
    mkdirSync(dirname(target), { recursive: true });
    // In one step: between two of them a busy server's commit would make it begin anew.
    await database.backup(target, { progress: () => ALL_PAGES });
  } catch (error) {
    throw new StartError(explain(file, error));
  } finally {
    database?.close();
  }
}

/** Holds a database's write lock, so that nobody else can commit, until it is released. */
export function holdDatabase(file: string): { release(): void } {
  const database = openForWriting(file);
  database.pragma(`busy_timeout = ${HOLD_TIMEOUT_MS}`);
  database.exec('BEGIN IMMEDIATE');
  return { release: () => database.close() };
}
