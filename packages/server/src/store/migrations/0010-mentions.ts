import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.js';
import type { Schema } from '../schema.js';

/** Users whose names are written by one statement. */
const USERS = 500;

/** The users whom a message mentions, the names by which users are found, and the index that a reader makes of them. */
export async function up(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const { text } = dialect;
  await run(db, [`ALTER TABLE users ADD COLUMN search_name ${text} NOT NULL DEFAULT ''`]);
  // The long part comes before `messages` is locked.
  await writeSearchNames(db);
  await run(db, [
    `CREATE INDEX users_search_name ON users (search_name)`,
    `ALTER TABLE messages ADD COLUMN mentions ${text}`,
    `CREATE INDEX messages_mentions ON messages (room_id, seq) WHERE mentions IS NOT NULL`,
    `CREATE TABLE mentions (room_id ${text} NOT NULL, seq BIGINT NOT NULL, user_id ${text} NOT NULL,
      PRIMARY KEY (room_id, seq, user_id))`,
    `CREATE INDEX mentions_user ON mentions (user_id, room_id, seq)`,
  ]);
}

async function run(db: Kysely<Schema>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** Writes every user's name in lower case: the engines' own `lower` knows only the letters a to z. */
async function writeSearchNames(db: Kysely<Schema>): Promise<void> {
  for (let after = ''; ;) {
    const users = await db
      .selectFrom('users')
      .select(['id', 'name'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(USERS)
      .execute();
    const last = users.at(-1);
    if (!last) return;
    const cases = users.map(({ id, name }) => sql`WHEN ${id} THEN ${name.toLowerCase()}`);
    await sql`UPDATE users SET search_name = CASE id ${sql.join(cases, sql` `)} END
      WHERE id > ${after} AND id <= ${last.id}`.execute(db);
    after = last.id;
  }
}
