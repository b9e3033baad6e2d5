import Database from 'better-sqlite3';
import { join } from 'node:path';

/** Lets all held names run out in a stopped server's database, as 15 minutes would. */
export function expireHeldNames(data: string): void {
  const database = new Database(join(data, 'madang.db'));
  const { changes } = database.prepare('UPDATE names SET held_until = 0').run();
  database.close();
  if (changes === 0) throw new Error('no name was held');
}
