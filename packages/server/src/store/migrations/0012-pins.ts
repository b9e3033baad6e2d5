import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** Who pinned a message, and by which event. The index holds pinned messages only. */
export async function up(db: Kysely<unknown>, { text }: Dialect): Promise<void> {
  const statements = [
    `ALTER TABLE messages ADD COLUMN pin_seq BIGINT`,
    `ALTER TABLE messages ADD COLUMN pinned_at BIGINT`,
    `ALTER TABLE messages ADD COLUMN pinned_by ${text}`,
    `ALTER TABLE messages ADD COLUMN pinned_by_name ${text}`,
    `CREATE INDEX messages_pinned ON messages (room_id, pin_seq) WHERE pin_seq IS NOT NULL`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
