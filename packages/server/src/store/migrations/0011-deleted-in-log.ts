import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** Marks deleted messages in the log with `deletedAt`. Before, only an empty text told. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const deletedAt = `(SELECT messages.deleted_at FROM messages
    WHERE messages.room_id = events.room_id AND messages.seq = events.seq)`;
  await sql
    .raw(
      `UPDATE events SET payload = ${dialect.payloadWith('deletedAt', deletedAt, 'bigint')}
        WHERE name = 'message.created' AND (room_id, seq) IN (SELECT room_id, seq FROM messages WHERE deleted_at IS NOT NULL)`,
    )
    .execute(db);
}
