import type { LoggedEvent } from '@madang/protocol';
import { OutboundEvent } from '../log/committed.js';
import type { LogRange, LogRequest, RoomLog } from '../log/room-log.js';
import { roomPlacesOf } from '../store/queries/members.js';
import type { Store } from '../store/store.js';
import type { Connection, Place } from './connection.js';
import { behindEvent } from './send-buffer.js';
import type { Encoded } from './wire-format.js';

/** Events to read from the log at a time. */
const PAGE = 200;

/** A room of a user, as needed at the start of a stream. */
export type RoomPlace = Awaited<ReturnType<typeof roomPlacesOf>>[number];

/** Where a stream was interrupted: cursors of one history. */
export interface StreamCursors {
  epoch: string;
  /** The cursors by room; undefined if they can't be determined for the user's current rooms. */
  of(places: readonly RoomPlace[]): ReadonlyMap<string, number> | undefined;
}

/** A connection that can hold back live events while its backlog is written. */
export interface ResumableConnection extends Connection {
  /** Sets where a room's stream begins. */
  startAt(place: Place): void;
  /** Writes ahead of what is held back. Resolves when there is space for more, or the connection is closed. */
  writeBacklog(encoded: Encoded, place: Place): Promise<void>;
  /**
   * Writes what was held back, except for what the backlog contained. From now on everything is written as it comes.
   */
  goLive(): void;
}

/** Joins a backlog from the log with live events, without a gap or a repeat. */
export class Resume {
  readonly #store: Store;
  readonly #log: RoomLog;

  constructor(store: Store, log: RoomLog) {
    this.#store = store;
    this.#log = log;
  }

  /** The history that cursors belong to. */
  get epoch(): string {
    return this.#log.epoch;
  }

  /**
   * Writes what came after `since` in all of a user's rooms, then lets live events follow. The connection already
   * receives the rooms, and holds back whatever is committed during this read. Without `since`, writes only what is
   * new.
   */
  async join(connection: ResumableConnection, user: string, since: StreamCursors | undefined): Promise<void> {
    const places = await roomPlacesOf(this.#store.read, user);
    const cursors = since?.epoch === this.epoch ? since.of(places) : undefined;
    const starts = places.map(({ room, head, logStart, joinedSeq }) => {
      const from = cursors ? (cursors.get(room) ?? joinedSeq - 1) : head;
      if (cursors) this.#log.noteCursor(room, from, head);
      const isLost = since !== undefined && (!cursors || from > head || from < logStart);
      return { room, head, logStart, from: isLost ? head : from, isLost };
    });
    // All of them before anything is written: an id in the middle of the backlog must have every room's cursor.
    for (const { room, from } of starts) connection.startAt({ room, seq: from });
    for (const { from, isLost, ...range } of starts) {
      if (isLost) await this.#sendToLog(connection, range);
      else await this.#writeBacklog(connection, range, { reader: user, after: from });
    }
    connection.goLive();
  }

  /** What was missed can't be written from the cursor on: the client has to read what the log still has. */
  #sendToLog(connection: ResumableConnection, { room, head }: LogRange): Promise<void> {
    return connection.writeBacklog(connection.format.encode([behindEvent(room, head)]), {
      room,
      seq: head,
    });
  }

  async #writeBacklog(
    connection: ResumableConnection,
    range: LogRange,
    { reader, after: from }: Pick<LogRequest, 'reader' | 'after'>,
  ): Promise<void> {
    const { room, head } = range;
    let after = from;
    while (after < head) {
      const limit = Math.min(PAGE, head - after);
      const { events, reset } = await this.#log.readAfter(range, { reader, after, limit });
      // Retention has just removed the next events.
      if (reset) return this.#sendToLog(connection, range);
      const last = events.at(-1);
      if (!last) return;
      after = last.seq;
      await connection.writeBacklog(connection.format.encode(events.map(noteOf)), { room, seq: after });
    }
  }
}

function noteOf(event: LoggedEvent): OutboundEvent {
  const { type, ...body } = event;
  return new OutboundEvent(type, body);
}
