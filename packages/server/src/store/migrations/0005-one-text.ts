import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** A message has only its current text: earlier texts are removed from the log. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const text = `(SELECT messages.text FROM messages WHERE messages.room_id = events.room_id AND messages.seq = events.seq)`;
  const edited = `SELECT room_id, message_seq FROM events WHERE message_seq IS NOT NULL AND name = 'message.edited'`;
  const statements = [
    `UPDATE events SET payload = ${dialect.payloadWith('text', text, 'text')}
      WHERE name = 'message.created' AND (room_id, seq) IN (${edited})`,
    `UPDATE events SET payload = ${dialect.payloadWithout('text')} WHERE message_seq IS NOT NULL AND name = 'message.edited'`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
