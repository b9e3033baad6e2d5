import type { CommittedBatch, CommittedEvent, OutboundEvent } from '../log/committed.js';
import { changesMembership } from '../log/event-record.js';
import type { Connection, Place } from './connection.js';
import type { Connections } from './connections.js';
import type { DeliveryRecords } from './delivery-records.js';
import { ownEncodings, RunEncodings } from './run-encodings.js';
import { behindEvent, type SendBuffers } from './send-buffer.js';

/** Delivers committed batches and signals: encodes them once per format, and writes once to each connection. */
export class Delivery {
  readonly #connections: Connections;
  readonly #buffers: SendBuffers;
  readonly #records: DeliveryRecords;

  constructor(connections: Connections, buffers: SendBuffers, records: DeliveryRecords) {
    this.#connections = connections;
    this.#buffers = buffers;
    this.#records = records;
  }

  /** Delivers a committed batch. Its recipients are the members at each event's place in the log (rule 8). */
  committed(batch: CommittedBatch): void {
    for (const events of byRoom(batch)) {
      for (const run of membershipRuns(events)) this.#deliverRun(run);
    }
  }

  /**
   * Lets a user receive a room whose events were delivered up to `head` already, after the user had joined. Sends them the
   * `member.joined`, if the log still has it, and tells them to read the log from there.
   */
  startDelivery(user: string, { room, seq: head }: Place, joining: CommittedEvent | undefined): void {
    this.#connections.join(user, room);
    const events: OutboundEvent[] = joining ? [joining] : [];
    if (joining?.seq !== head) events.push(behindEvent(room, head));
    const encodings = new RunEncodings(events);
    const seq = joining?.seq ?? head;
    const range = { room, first: seq, seq };
    for (const connection of this.#connections.ofUser(user)) {
      this.#buffers.writeEvents(connection, encodings.of(connection.format), range);
    }
  }

  /** Sends a signal to a room, except to `exceptUser`. */
  signalRoom(room: string, signal: OutboundEvent, exceptUser?: string): void {
    this.#signal(this.#connections.inRoom(room), signal, exceptUser);
  }

  /** Sends a signal to a user's connections, except to one of them. */
  signalUser(user: string, signal: OutboundEvent, except?: Connection): void {
    const connections = this.#connections.ofUser(user).filter((connection) => connection !== except);
    this.#signal(connections, signal);
  }

  /** Sends signals to one connection. They may be lost. */
  signalConnection(connection: Connection, signals: readonly OutboundEvent[]): void {
    this.#buffers.writeSignal(connection, connection.format.encode(signals));
  }

  /** Delivers events of one room with the same recipients; the last may be a `member.left`. */
  #deliverRun(run: readonly CommittedEvent[]): void {
    const [first] = run;
    const last = run.at(-1);
    if (!first || !last) return;
    const room = first.room;
    if (first.name === 'member.joined') this.#connections.join(memberOf(first), room);
    this.#records.handingOut(room, first.seq, last.seq);
    const encodings = new RunEncodings(run);
    const own = ownEncodings(run, encodings);
    const range = { room, first: first.seq, seq: last.seq };
    for (const connection of this.#connections.inRoom(room)) {
      const { format, session } = connection;
      const encoded = (session && own?.get(session.user.id)) ?? encodings;
      this.#buffers.writeEvents(connection, encoded.of(format), range);
    }
    if (last.name === 'member.left') this.#connections.leave(memberOf(last), room);
    for (const event of run) {
      if (event.name === 'member.updated') this.#connections.rename(memberOf(event), nameOf(event));
    }
  }

  #signal(connections: Iterable<Connection>, signal: OutboundEvent, exceptUser?: string): void {
    const encodings = new RunEncodings([signal]);
    for (const connection of connections) {
      if (connection.session?.user.id === exceptUser) continue;
      this.#buffers.writeSignal(connection, encodings.of(connection.format));
    }
  }
}

/** Groups a batch by room, in its order. */
export function byRoom(batch: CommittedBatch): Iterable<CommittedEvent[]> {
  const rooms = new Map<string, CommittedEvent[]>();
  for (const event of batch) {
    const events = rooms.get(event.room);
    if (events) events.push(event);
    else rooms.set(event.room, [event]);
  }
  return rooms.values();
}

/** Splits events where the recipients change: before a `member.joined`, after a `member.left`. */
function membershipRuns(events: CommittedEvent[]): CommittedEvent[][] {
  if (!events.some((event) => changesMembership(event.name))) return [events];
  const runs: CommittedEvent[][] = [];
  let run: CommittedEvent[] = [];
  for (const event of events) {
    if (event.name === 'member.joined' && run.length > 0) {
      runs.push(run);
      run = [];
    }
    run.push(event);
    if (event.name === 'member.left') {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** The user that a member's event is about. */
export function memberOf(event: CommittedEvent): string {
  return (event.body['user'] as { id: string }).id;
}

function nameOf(event: CommittedEvent): string {
  return (event.body['user'] as { name: string }).name;
}
