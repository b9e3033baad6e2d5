import { type Kysely, sql } from 'kysely';

/**
 * What an author has sent is found by the client's id first: ids that begin with the time (UUID version 7, as the SDK
 * makes them) then all go to the index's end, whoever sends, where before each author had a page of their own to write.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`DROP INDEX messages_client`).execute(db);
  await sql
    .raw(`CREATE UNIQUE INDEX messages_client ON messages (client_id, author_id) WHERE client_id IS NOT NULL`)
    .execute(db);
}
