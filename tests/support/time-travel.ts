import Database from 'better-sqlite3';
import { join } from 'node:path';

/** Lets all reserved names expire in a stopped server's database, as 15 minutes would. */
export function expireHeldNames(data: string): void {
  const database = new Database(join(data, 'madang.db'));
  const { changes } = database.prepare('UPDATE names SET held_until = 0').run();
  database.close();
  if (changes === 0) throw new Error('no name was reserved');
}

/** Makes everything in the lobby up to a seq `days` days older, in a stopped server's database. */
export function ageLobby(data: string, upTo: number, days: number): void {
  const database = new Database(join(data, 'madang.db'));
  for (const table of ['messages', 'events']) {
    const age = database.prepare(`UPDATE ${table} SET at = at - ? WHERE room_id = 'lobby' AND seq <= ?`);
    if (age.run(days * 24 * 3600_000, upTo).changes === 0) throw new Error(`nothing in ${table} was made older`);
  }
  database.close();
}
