import { type Kysely, sql } from 'kysely';
import { searchKey } from '@madang/protocol';
import type { Schema } from '../schema.js';

/** Rooms whose keys are written by one statement. */
const ROOMS = 500;

/** Rooms are found by a key that is the same for every form of their names' letters. */
export async function up(db: Kysely<Schema>): Promise<void> {
  for (let after = ''; ;) {
    const rooms = await db
      .selectFrom('rooms')
      .select(['id', 'name'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(ROOMS)
      .execute();
    const last = rooms.at(-1);
    if (!last) return;
    const cases = rooms.map(({ id, name }) => sql`WHEN ${id} THEN ${searchKey(name)}`);
    await sql`UPDATE rooms SET search_name = CASE id ${sql.join(cases, sql` `)} END
      WHERE id > ${after} AND id <= ${last.id}`.execute(db);
    after = last.id;
  }
}
