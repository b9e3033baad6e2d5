import { type Kysely, sql } from 'kysely';

/** Adds the seq up to which a room's log is no longer kept. Existing logs are kept from their beginning. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE rooms ADD COLUMN floor BIGINT NOT NULL DEFAULT 0').execute(db);
}
