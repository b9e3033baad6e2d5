import { OutboundEvent } from '../log/committed.js';
import type { Connection, SeqRange } from './connection.js';
import type { DeliveryRecords } from './delivery-records.js';
import type { Encoded } from './wire-format.js';

/**
 * Limits what a slow client costs. Drops live events once more than `maxBytes` are unread, and remembers their rooms.
 * When the network has accepted everything queued, tells the client once per room to read the log (delivery contract,
 * rule 5).
 */
export class SendBuffers {
  readonly #maxBytes: number;
  readonly #records: DeliveryRecords;
  /** For each connection that is behind: its rooms, with their heads. */
  readonly #behind = new Map<Connection, Map<string, number>>();

  constructor(maxBytes: number, records: DeliveryRecords) {
    this.#maxBytes = maxBytes;
    this.#records = records;
  }

  /** Writes a room's events, or drops them. */
  writeEvents(connection: Connection, encoded: Encoded, range: SeqRange): void {
    const behind = this.#behindOf(connection);
    if (!behind && connection.queuedBytes() <= this.#maxBytes) return connection.write(encoded, range);
    if (behind) behind.set(range.room, range.seq);
    else this.#behind.set(connection, new Map([[range.room, range.seq]]));
    this.#records.skipped(connection);
  }

  /** Writes a signal, or drops it. */
  writeSignal(connection: Connection, encoded: Encoded): void {
    if (!this.#behindOf(connection) && connection.queuedBytes() <= this.#maxBytes) connection.write(encoded);
  }

  /** Nearly always nobody is behind; then this saves a lookup for each recipient of each event. */
  #behindOf(connection: Connection): Map<string, number> | undefined {
    return this.#behind.size === 0 ? undefined : this.#behind.get(connection);
  }

  /**
   * A connection's transport reports that the network has accepted something. Once nothing is left, tells the client
   * what it missed.
   */
  drained(connection: Connection): void {
    const behind = this.#behind.get(connection);
    if (!behind || connection.queuedBytes() > 0) return;
    this.#behind.delete(connection);
    this.#records.caughtUp(connection);
    const events = [...behind].map(([room, head]) => behindEvent(room, head));
    connection.write(connection.format.encode(events));
  }

  /** Forgets a closed connection. */
  forget(connection: Connection): void {
    this.#behind.delete(connection);
  }
}

/** Tells the client to read the room's log: live delivery skipped events up to `head`. */
export function behindEvent(room: string, head: number): OutboundEvent {
  return new OutboundEvent('room.behind', { room, head });
}
