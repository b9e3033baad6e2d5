import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/**
 * Adds who brought a member into a room, whether the member hides it, and who blocks whom. For existing members it is
 * unknown who brought them: they count as having joined on their own.
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
