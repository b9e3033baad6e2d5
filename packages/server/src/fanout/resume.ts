import type { LoggedEvent } from '@madang/protocol';
import { OutboundEvent } from '../log/committed.js';
import type { LogRange, RoomLog } from '../log/room-log.js';
import { roomPlacesOf } from '../store/queries/members.js';
import type { Store } from '../store/store.js';
import type { Connection, Place } from './connection.js';
import { behindEvent } from './send-buffer.js';
import type { Encoded } from './wire-format.js';

/** How many events are read from the log at a time. */
const PAGE = 200;

/** A room of a user, as a stream's beginning needs it. */
export type RoomPlace = Awaited<ReturnType<typeof roomPlacesOf>>[number];

/** Where a stream broke off: cursors of one history. */
export interface StreamCursors {
  epoch: string;
  /** The cursors by room; undefined when they can't be told for the rooms that the user is in now. */
  of(places: readonly RoomPlace[]): ReadonlyMap<string, number> | undefined;
}

/** A connection that can keep back what is live while its backlog is written. */
export interface ResumableConnection extends Connection {
  /** Says where a room's stream begins. */
  startAt(place: Place): void;
  /** Writes before what is kept back; resolves when there is room for more, or the connection is closed. */
  writeBacklog(encoded: Encoded, place: Place): Promise<void>;
  /** Writes what was kept back, but for what the backlog had already; from now on all is written as it comes. */
  goLive(): void;
}

/** Joins a backlog from the log and the live stream, without a gap and without a repeat. */
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
   * Writes what came after `since` in all of a user's rooms, then lets the live stream go on. The connection hears the
   * rooms already, so whatever is committed while this reads is kept back there. Without `since`, only what is new.
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
    // All of them before anything is written: an id in the middle of the backlog must know every room's cursor.
    for (const { room, from } of starts) connection.startAt({ room, seq: from });
    for (const { from, isLost, ...range } of starts) {
      if (isLost) await this.#sendToLog(connection, range);
      else await this.#writeBacklog(connection, range, from);
    }
    connection.goLive();
  }

  /** What was missed can't be written from where the cursor is: the client has to ask the log what is left of it. */
  #sendToLog(connection: ResumableConnection, { room, head }: LogRange): Promise<void> {
    return connection.writeBacklog(connection.format.encode([behindEvent(room, head)]), {
      room,
      seq: head,
    });
  }

  async #writeBacklog(connection: ResumableConnection, range: LogRange, from: number): Promise<void> {
    const { room, head } = range;
    let after = from;
    while (after < head) {
      const { events, reset } = await this.#log.readAfter(range, after, Math.min(PAGE, head - after));
      // What was to come next has just been removed for its age.
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
