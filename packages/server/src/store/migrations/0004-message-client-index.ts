import { type Kysely, sql } from 'kysely';

/**
 * Puts the client's id first in the index of sent messages. Ids that begin with the time (UUID version 7, as the SDK
 * makes them) then all go to the end of the index, whoever sends them. Before, each author had their own page to write.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`DROP INDEX messages_client`).execute(db);
  await sql
    .raw(`CREATE UNIQUE INDEX messages_client ON messages (client_id, author_id) WHERE client_id IS NOT NULL`)
    .execute(db);
}
