import { postgresDialect } from '../dialect.js';
import { eventColumns, type EventRecord } from '../schema.js';
import type { Statement } from './pipeline.js';
import type { QueryPool } from './pool.js';

/** How far apart node clocks may be, in ms, before a page must be read from all months. */
const CLOCK_SKEW_MS = 24 * 3600_000;

const COLUMNS = eventColumns(postgresDialect);

/** Finds when a page of the log was written, from the messages around it, which are not partitioned. */
const findTimes: Statement = {
  name: 'find-times',
  text: `SELECT head,
      (SELECT at FROM messages WHERE room_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1) AS begin,
      (SELECT at FROM messages WHERE room_id = $1 AND seq >= $3 ORDER BY seq LIMIT 1) AS end
    FROM rooms WHERE id = $1`,
};

const readWithin: Statement = {
  name: 'read-within',
  text: `SELECT ${COLUMNS} FROM events WHERE room_id = $1 AND seq > $2 AND at >= $4 AND at <= $5 ORDER BY seq LIMIT $3`,
};

const readAnywhen: Statement = {
  name: 'read-anywhen',
  text: `SELECT ${COLUMNS} FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
};

/**
 * Reads a page of a room's log. PostgreSQL can't tell from a seq which month's partition holds it, and searching all of
 * them costs more with every month of a workspace's age. So the time of the page is guessed first, and only its months
 * are read. The log has no gaps (S2), which shows whether the guess was right; if not, all months are read.
 */
export async function readEvents(pool: QueryPool, room: string, after: number, limit: number): Promise<EventRecord[]> {
  const [times] = await pool.query<{ head: number; begin: number | null; end: number | null }>(findTimes, [
    ...[room, after, after + limit],
  ]);
  if (!times || times.head <= after) return [];
  const begin = times.begin === null ? 0 : times.begin - CLOCK_SKEW_MS;
  const end = times.end === null ? Number.MAX_SAFE_INTEGER : times.end + CLOCK_SKEW_MS;
  const page = await pool.query<EventRecord>(readWithin, [room, after, limit, begin, end]);
  const isWhole = page.length >= Math.min(limit, times.head - after);
  if (isWhole && page.every((event, index) => event.seq === after + 1 + index)) return page;
  return pool.query<EventRecord>(readAnywhen, [room, after, limit]);
}
