import type { Kysely } from 'kysely';
import { COPY_KEY } from './migrate.js';
import type { Schema } from './schema.js';

/** A table's row, whatever the table. */
export type Row = Record<string, string | number | null>;

/** The tables that a copy carries over; `meta` is dealt with by itself. */
export type CopiedTable = Exclude<keyof Schema, 'meta'>;

/** One end of a copy: a database that nothing else uses. */
export interface CopySide extends AsyncDisposable {
  /** As it may be printed. */
  readonly name: string;
  readonly db: Kysely<Schema>;
  /** Makes ready to take a log that begins at a moment. */
  expect(oldest: number): Promise<void>;
  /** Adds rows, and writes down how far the copy has come, in one transaction. */
  write(table: CopiedTable, rows: Row[], mark: string): Promise<void>;
  /** Makes ready to be served. */
  finish(): Promise<void>;
}

/** How a copy writes its mark; the engines bind it as they do. */
export const saveMark = (place: string): string =>
  `INSERT INTO meta (key, value) VALUES ('${COPY_KEY}', ${place}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
