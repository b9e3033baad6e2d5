import { type Kysely, sql } from 'kysely';

/** Up to where a room's log is no longer kept; all that is there already is kept from its beginning. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE rooms ADD COLUMN floor BIGINT NOT NULL DEFAULT 0').execute(db);
}
