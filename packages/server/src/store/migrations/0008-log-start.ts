import { type Kysely, sql } from 'kysely';

/** Renames the column to the field's term. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE rooms RENAME COLUMN floor TO log_start').execute(db);
}
