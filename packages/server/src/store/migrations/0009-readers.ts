import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/**
 * Cursors of the readers of the log, leases, and the running numbers that unread counts come from. To a reader, an
 * existing workspace is one that it has not read yet.
 */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { text, oftenUpdated } = dialect;
  const statements = [
    `CREATE TABLE reader_cursors (reader ${text} NOT NULL, room_id ${text} NOT NULL, seq BIGINT NOT NULL,
      log_start BIGINT NOT NULL, PRIMARY KEY (reader, room_id)) ${oftenUpdated}`,
    `CREATE TABLE leases (name ${text} PRIMARY KEY, holder ${text} NOT NULL, expires_at BIGINT NOT NULL) ${oftenUpdated}`,
    `CREATE TABLE message_numbers (room_id ${text} NOT NULL, author_id ${text} NOT NULL, block BIGINT NOT NULL,
      number BIGINT NOT NULL, PRIMARY KEY (room_id, author_id, block)) ${oftenUpdated}`,
    `CREATE INDEX messages_deleted ON messages (room_id, seq, author_id) WHERE deleted_at IS NOT NULL`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
