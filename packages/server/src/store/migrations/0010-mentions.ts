import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';
import type { Schema } from '../schema.js';

/** Whom a message names, the names by which people are found, and the index that a reader makes of it. */
export async function up(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const { text } = dialect;
  const statements = [
    `ALTER TABLE messages ADD COLUMN mentions ${text}`,
    `CREATE INDEX messages_mentions ON messages (room_id, seq) WHERE mentions IS NOT NULL`,
    `CREATE TABLE mentions (room_id ${text} NOT NULL, seq BIGINT NOT NULL, user_id ${text} NOT NULL,
      PRIMARY KEY (room_id, seq, user_id))`,
    `CREATE INDEX mentions_user ON mentions (user_id, room_id, seq)`,
    `ALTER TABLE users ADD COLUMN search_name ${text} NOT NULL DEFAULT ''`,
    `UPDATE users SET search_name = name`,
    `CREATE INDEX users_search_name ON users (search_name)`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
  // The engines' own `lower` knows no letters but a to z.
  for (const { id, name } of await db.selectFrom('users').select(['id', 'name']).execute()) {
    const found = name.toLowerCase();
    if (found !== name) await db.updateTable('users').set({ search_name: found }).where('id', '=', id).execute();
  }
}
