import { type Kysely, sql } from 'kysely';

/** The column by the field's word for what it holds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE rooms RENAME COLUMN floor TO log_start').execute(db);
}
