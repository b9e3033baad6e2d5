import { type CompiledQuery, type Kysely, sql } from 'kysely';
import { compiledOnce, type Parameter } from '../prepared.js';
import type { Schema } from '../schema.js';

/** A room as a reader of the log finds it. */
export interface ReadRoom {
  id: string;
  head: number;
  logStart: number;
  /** The reader's cursor; null if it has not read the room yet. */
  cursor: number | null;
  /** The log start up to which it has removed its rows. */
  obeyed: number;
}

/** Rooms after a given one, by id: those that a sweep reads in one statement. */
export function sweepRooms(
  read: Kysely<Schema>,
  reader: string,
  { after, limit }: { after: string; limit: number },
): Promise<ReadRoom[]> {
  return roomsAs(read, reader).where('rooms.id', '>', after).orderBy('rooms.id').limit(limit).execute();
}

/** Rooms by their ids. */
export function readRooms(read: Kysely<Schema>, reader: string, ids: readonly string[]): Promise<ReadRoom[]> {
  return roomsAs(read, reader).where('rooms.id', 'in', ids).execute();
}

function roomsAs(read: Kysely<Schema>, reader: string) {
  return read
    .selectFrom('rooms')
    .leftJoin('reader_cursors as cursors', (join) =>
      join.onRef('cursors.room_id', '=', 'rooms.id').on('cursors.reader', '=', reader),
    )
    .select(['rooms.id', 'rooms.head', 'rooms.log_start as logStart', 'cursors.seq as cursor'])
    .select(sql<number>`coalesce(cursors.log_start, 0)`.as('obeyed'));
}

/** A cursor and where it moves. */
interface CursorMove {
  reader: string;
  room: string;
  cursor: number;
  obeyed: number;
  seq: number;
  log_start: number;
}

const moveCursor = compiledOnce((write, parameter: Parameter<CursorMove>) =>
  write
    .updateTable('reader_cursors')
    .set({ seq: parameter('seq'), log_start: parameter('log_start') })
    .where('reader', '=', parameter('reader'))
    .where('room_id', '=', parameter('room'))
    .where('seq', '=', parameter('cursor'))
    .where('log_start', '=', parameter('obeyed')),
);

/** Moves a reader's cursor on, from where the reader found it. Changes no row if the cursor has been moved since. */
export function advanceCursor(
  write: Kysely<Schema>,
  reader: string,
  { id, cursor, obeyed }: ReadRoom,
  to: { seq: number; logStart: number },
): CompiledQuery {
  const place = { seq: to.seq, log_start: to.logStart };
  if (cursor === null) {
    return write
      .insertInto('reader_cursors')
      .values({ reader, room_id: id, ...place })
      .onConflict((conflict) => conflict.doNothing())
      .compile();
  }
  return moveCursor(write, { reader, room: id, cursor, obeyed, ...place });
}

/** How many events a reader has still to handle, in all rooms together. */
export async function lagOf(read: Kysely<Schema>, reader: string): Promise<number> {
  const { rows } = await sql<{ lag: number | null }>`SELECT CAST(sum(rooms.head - CASE
      WHEN coalesce(cursors.seq, 0) > rooms.log_start THEN cursors.seq ELSE rooms.log_start END) AS BIGINT) AS lag
    FROM rooms LEFT JOIN reader_cursors AS cursors ON cursors.room_id = rooms.id AND cursors.reader = ${reader}
    WHERE rooms.head > coalesce(cursors.seq, 0)`.execute(read);
  return rows[0]?.lag ?? 0;
}
