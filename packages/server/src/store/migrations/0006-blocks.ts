import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/**
 * Who brought somebody into a room, whether they hide it, and who blocks whom. Of those who are in rooms already it is not
 * known who brought them: they count as having come themselves.
 */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { text } = dialect;
  const statements = [
    `ALTER TABLE members ADD COLUMN added_by ${text}`,
    `ALTER TABLE members ADD COLUMN hidden_seq BIGINT`,
    `ALTER TABLE rooms ADD COLUMN blocked BIGINT NOT NULL DEFAULT 0`,
    `CREATE TABLE blocks (user_id ${text} NOT NULL, blocked_id ${text} NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (user_id, blocked_id))`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
