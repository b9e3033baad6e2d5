import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';
import type { Schema } from '../schema.js';

/** Adds room names in lower case: the engines' own `lower` handles only the letters a to z. */
export async function up(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  await sql.raw(`ALTER TABLE rooms ADD COLUMN search_name ${dialect.text} NOT NULL DEFAULT ''`).execute(db);
  for (const room of await db.selectFrom('rooms').select(['id', 'name']).execute()) {
    await db.updateTable('rooms').set({ search_name: room.name.toLowerCase() }).where('id', '=', room.id).execute();
  }
}
