import { type Kysely, sql } from 'kysely';

/** The tables of the first version. Both engines understand all of it. */
export async function up(db: Kysely<never>): Promise<void> {
  const statements = [
    `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`,
    `CREATE TABLE users (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
      created_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL)`,
    `CREATE TABLE names (name_key TEXT PRIMARY KEY, user_id TEXT NOT NULL, held_until BIGINT NOT NULL)`,
    `CREATE INDEX names_user ON names (user_id)`,
    `CREATE TABLE sessions (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL,
      created_at BIGINT NOT NULL, last_used_at BIGINT NOT NULL)`,
    `CREATE INDEX sessions_user ON sessions (user_id)`,
    `CREATE TABLE rooms (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, topic TEXT NOT NULL,
      created_at BIGINT NOT NULL, creator_id TEXT, client_id TEXT, unique_key TEXT UNIQUE,
      head BIGINT NOT NULL, member_count BIGINT NOT NULL, UNIQUE (creator_id, client_id))`,
    `CREATE INDEX rooms_name ON rooms (name, id)`,
    `CREATE TABLE members (room_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL,
      joined_at BIGINT NOT NULL, joined_seq BIGINT NOT NULL, PRIMARY KEY (room_id, user_id))`,
    `CREATE INDEX members_user ON members (user_id, room_id)`,
    `CREATE INDEX members_joined ON members (room_id, joined_seq)`,
    `CREATE TABLE reads (user_id TEXT NOT NULL, room_id TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (user_id, room_id))`,
    `CREATE TABLE events (room_id TEXT NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL,
      actor_id TEXT NOT NULL, actor_name TEXT NOT NULL, payload TEXT NOT NULL, message_seq BIGINT,
      PRIMARY KEY (room_id, seq))`,
    `CREATE INDEX events_message ON events (room_id, message_seq) WHERE message_seq IS NOT NULL`,
    `CREATE TABLE messages (room_id TEXT NOT NULL, seq BIGINT NOT NULL, author_id TEXT NOT NULL,
      author_name TEXT NOT NULL, text TEXT NOT NULL, at BIGINT NOT NULL, client_id TEXT,
      edited_at BIGINT, deleted_at BIGINT, PRIMARY KEY (room_id, seq))`,
    `CREATE UNIQUE INDEX messages_client ON messages (author_id, client_id) WHERE client_id IS NOT NULL`,
    `CREATE TABLE reactions (room_id TEXT NOT NULL, message_seq BIGINT NOT NULL, emoji TEXT NOT NULL,
      user_id TEXT NOT NULL, user_name TEXT NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (room_id, message_seq, emoji, user_id))`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
