import type { Kysely } from 'kysely';
import { COPY_KEY } from './migrate.js';
import type { Schema } from './schema.js';

/** A row of any table. */
export type Row = Record<string, string | number | null>;

/** The tables that a copy transfers. `meta` is handled separately, and a lease belongs to a running process. */
export type CopiedTable = Exclude<keyof Schema, 'meta' | 'leases'>;

/** One end of a copy: a database that nothing else uses. */
export interface CopySide extends AsyncDisposable {
  /** The name to print: without a password. */
  readonly name: string;
  readonly db: Kysely<Schema>;
  /** Prepares for a log whose oldest event is from this time. */
  expect(oldest: number): Promise<void>;
  /** Inserts rows and saves the copy's progress, in one transaction. */
  write(table: CopiedTable, rows: Row[], mark: string): Promise<void>;
  /** Prepares the database for a server. */
  finish(): Promise<void>;
}

/** The SQL that saves a copy's progress. Each engine binds the value in its own way. */
export const saveMark = (parameter: string): string =>
  `INSERT INTO meta (key, value) VALUES ('${COPY_KEY}', ${parameter}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
