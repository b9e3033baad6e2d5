import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';

/** The tables of the first version. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { text } = dialect;
  const statements = [
    `CREATE TABLE meta (key ${text} PRIMARY KEY, value ${text} NOT NULL)`,
    `CREATE TABLE users (id ${text} PRIMARY KEY, kind ${text} NOT NULL, name ${text} NOT NULL,
      created_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL)`,
    `CREATE TABLE names (name_key ${text} PRIMARY KEY, user_id ${text} NOT NULL, held_until BIGINT NOT NULL)`,
    `CREATE INDEX names_user ON names (user_id)`,
    `CREATE TABLE sessions (token_hash ${text} PRIMARY KEY, user_id ${text} NOT NULL,
      created_at BIGINT NOT NULL, last_used_at BIGINT NOT NULL)`,
    `CREATE INDEX sessions_user ON sessions (user_id)`,
    `CREATE TABLE rooms (id ${text} PRIMARY KEY, kind ${text} NOT NULL, name ${text} NOT NULL, topic ${text} NOT NULL,
      created_at BIGINT NOT NULL, creator_id ${text}, client_id ${text}, unique_key ${text} UNIQUE,
      head BIGINT NOT NULL, member_count BIGINT NOT NULL, UNIQUE (creator_id, client_id)) ${dialect.oftenUpdated}`,
    `CREATE INDEX rooms_name ON rooms (name, id)`,
    `CREATE TABLE members (room_id ${text} NOT NULL, user_id ${text} NOT NULL, role ${text} NOT NULL,
      joined_at BIGINT NOT NULL, joined_seq BIGINT NOT NULL, PRIMARY KEY (room_id, user_id))`,
    `CREATE INDEX members_user ON members (user_id, room_id)`,
    `CREATE INDEX members_joined ON members (room_id, joined_seq)`,
    `CREATE INDEX members_joined_at ON members (joined_at)`,
    `CREATE TABLE reads (user_id ${text} NOT NULL, room_id ${text} NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (user_id, room_id)) ${dialect.oftenUpdated}`,
    `CREATE TABLE events (room_id ${text} NOT NULL, seq BIGINT NOT NULL, name ${text} NOT NULL, at BIGINT NOT NULL,
      actor_id ${text} NOT NULL, actor_name ${text} NOT NULL, payload ${text} NOT NULL, message_seq BIGINT,
      PRIMARY KEY (${dialect.eventsKey})) ${dialect.eventsPartition}`,
    `CREATE INDEX events_message ON events (room_id, message_seq) WHERE message_seq IS NOT NULL`,
    `CREATE INDEX events_membership ON events (room_id, seq) WHERE name IN ('member.joined', 'member.left')`,
    `CREATE TABLE messages (room_id ${text} NOT NULL, seq BIGINT NOT NULL, author_id ${text} NOT NULL,
      author_name ${text} NOT NULL, text ${text} NOT NULL, at BIGINT NOT NULL, client_id ${text},
      edited_at BIGINT, deleted_at BIGINT, PRIMARY KEY (room_id, seq))`,
    `CREATE UNIQUE INDEX messages_client ON messages (author_id, client_id) WHERE client_id IS NOT NULL`,
    `CREATE TABLE reactions (room_id ${text} NOT NULL, message_seq BIGINT NOT NULL, emoji ${text} NOT NULL,
      user_id ${text} NOT NULL, user_name ${text} NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (room_id, message_seq, emoji, user_id))`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
