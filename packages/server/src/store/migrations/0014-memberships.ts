import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** Members' own order of their rooms: favorites, sections, muted rooms. */
export async function up(db: Kysely<unknown>, { text }: Dialect): Promise<void> {
  const statements = [
    `ALTER TABLE members ADD COLUMN favorite INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE members ADD COLUMN section ${text}`,
    `ALTER TABLE members ADD COLUMN level ${text}`,
    `ALTER TABLE users ADD COLUMN sections ${text}`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
