import type { User } from '@madang/protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { type Parameter, prepared } from '../prepared.js';
import { inChunks } from './chunks.js';

/** Adds a session. */
export async function insertSession(write: Kysely<Schema>, tokenHash: string, user: string, at: number): Promise<void> {
  await write
    .insertInto('sessions')
    .values({ token_hash: tokenHash, user_id: user, created_at: at, last_used_at: at })
    .execute();
}

const sessionUser = prepared((read, parameter: Parameter<{ tokenHash: string; usedSince: number }>) =>
  read
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.kind', 'users.name', 'users.created_at'])
    .where('sessions.token_hash', '=', parameter('tokenHash'))
    .where('sessions.last_used_at', '>=', parameter('usedSince')),
);

/** Finds the user of a session by its token's hash, unless it was last used before a moment. */
export async function findSessionUser(
  read: Kysely<Schema>,
  tokenHash: string,
  usedSince: number,
): Promise<User | undefined> {
  const [row] = await sessionUser(read, { tokenHash, usedSince });
  return row && { id: row.id, kind: row.kind, name: row.name, createdAt: row.created_at };
}

/** The ids of a user's sessions, the oldest first. */
export async function sessionIdsOf(read: Kysely<Schema>, user: string): Promise<string[]> {
  const rows = await read
    .selectFrom('sessions')
    .select('token_hash')
    .where('user_id', '=', user)
    .orderBy('created_at')
    .orderBy('token_hash')
    .execute();
  return rows.map((row) => row.token_hash);
}

/** Records that users' sessions are in use. Never moves the time of last use back, whatever the clock says. */
export async function touchSessions(write: Kysely<Schema>, users: string[], at: number): Promise<void> {
  await inChunks(users, (chunk) =>
    write
      .updateTable('sessions')
      .set({ last_used_at: at })
      .where('user_id', 'in', chunk)
      .where('last_used_at', '<', at)
      .execute(),
  );
}

/** Resets times later than `latest`, which a wrong clock left behind, to now. */
export async function mendSessionTimes(write: Kysely<Schema>, now: number, latest: number): Promise<void> {
  await write.updateTable('sessions').set({ last_used_at: now }).where('last_used_at', '>', latest).execute();
}

/** Ends a session. */
export async function deleteSession(write: Kysely<Schema>, tokenHash: string): Promise<void> {
  await write.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}
