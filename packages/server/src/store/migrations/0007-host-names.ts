import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** Adds the reserved names of the app's users. Existing users get theirs when they next connect. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await sql.raw(`ALTER TABLE users ADD COLUMN name_key ${dialect.text}`).execute(db);
  await sql.raw(`CREATE INDEX users_name_key ON users (name_key) WHERE name_key IS NOT NULL`).execute(db);
}
