import type { CommittedBatch, CommittedEvent, OutboundEvent } from '../log/committed.js';
import { changesMembership } from '../log/event-record.js';
import type { Connection, Place } from './connection.js';
import type { Connections } from './connections.js';
import type { DeliveryRecords } from './delivery-records.js';
import { ownPlaces, OwnRunEncodings, RunEncodings } from './run-encodings.js';
import { behindEvent, type SendBuffers } from './send-buffer.js';

/** Hands committed batches and signals to connections: encoded once for each format, written once to each connection. */
export class Delivery {
  readonly #connections: Connections;
  readonly #buffers: SendBuffers;
  readonly #records: DeliveryRecords;

  constructor(connections: Connections, buffers: SendBuffers, records: DeliveryRecords) {
    this.#connections = connections;
    this.#buffers = buffers;
    this.#records = records;
  }

  /** Hands out a committed batch. Who may hear is asked at each event's place in the log (rule 8). */
  committed(batch: CommittedBatch): void {
    for (const events of byRoom(batch)) {
      for (const run of membershipRuns(events)) this.#deliverRun(run);
    }
  }

  /**
   * Lets a user hear a room whose log was handed out up to `head` already, past their joining, as at their coming: they
   * are given the joining, if the log still holds it, and told to read what came after it.
   */
  startHearing(user: string, { room, seq: head }: Place, joining: CommittedEvent | undefined): void {
    this.#connections.join(user, room);
    const notes: OutboundEvent[] = joining ? [joining] : [];
    if (joining?.seq !== head) notes.push(behindEvent(room, head));
    const encodings = new RunEncodings(notes);
    const seq = joining?.seq ?? head;
    const range = { room, first: seq, seq };
    for (const connection of this.#connections.ofUser(user)) {
      this.#buffers.writeEvents(connection, encodings.of(connection.format), range);
    }
  }

  /** Tells a signal to a room, but not to `exceptUser`. */
  signalRoom(room: string, note: OutboundEvent, exceptUser?: string): void {
    this.#signal(this.#connections.inRoom(room), note, exceptUser);
  }

  /** Tells a signal to a user's connections, but not to one of them. */
  signalUser(user: string, note: OutboundEvent, except?: Connection): void {
    const connections = this.#connections.ofUser(user).filter((connection) => connection !== except);
    this.#signal(connections, note);
  }

  /** Tells notes to one connection; `signal`s may be lost. */
  signalConnection(connection: Connection, notes: readonly OutboundEvent[]): void {
    this.#buffers.writeSignal(connection, connection.format.encode(notes));
  }

  /** Events of one room between which nobody comes; the last one may be somebody's leaving. */
  #deliverRun(run: readonly CommittedEvent[]): void {
    const [first] = run;
    const last = run.at(-1);
    if (!first || !last) return;
    const room = first.room;
    if (first.name === 'member.joined') this.#connections.join(memberOf(first), room);
    this.#records.handingOut(room, first.seq, last.seq);
    const encodings = new RunEncodings(run);
    const own = this.#ownRuns(run, encodings);
    const range = { room, first: first.seq, seq: last.seq };
    for (const connection of this.#connections.inRoom(room)) {
      const ownRun = own?.get(connection);
      const encoded = ownRun ? ownRun.of(connection.format) : encodings.of(connection.format);
      this.#buffers.writeEvents(connection, encoded, range);
    }
    if (last.name === 'member.left') this.#connections.leave(memberOf(last), room);
    for (const event of run) {
      if (event.name === 'member.updated') this.#connections.rename(memberOf(event), nameOf(event));
    }
  }

  /** The encodings for connections of the run's authors; undefined if no author is connected. */
  #ownRuns(run: readonly CommittedEvent[], encodings: RunEncodings): Map<Connection, OwnRunEncodings> | undefined {
    let own: Map<Connection, OwnRunEncodings> | undefined;
    for (const [author, places] of ownPlaces(run)) {
      const connections = this.#connections.ofUser(author);
      if (connections.length === 0) continue;
      const encoding = new OwnRunEncodings(run, places, encodings);
      own ??= new Map();
      for (const connection of connections) own.set(connection, encoding);
    }
    return own;
  }

  #signal(connections: Iterable<Connection>, note: OutboundEvent, exceptUser?: string): void {
    const encodings = new RunEncodings([note]);
    for (const connection of connections) {
      if (connection.session?.user.id === exceptUser) continue;
      this.#buffers.writeSignal(connection, encodings.of(connection.format));
    }
  }
}

/** A batch by rooms, in its order. */
export function byRoom(batch: CommittedBatch): Iterable<CommittedEvent[]> {
  const rooms = new Map<string, CommittedEvent[]>();
  for (const event of batch) {
    const events = rooms.get(event.room);
    if (events) events.push(event);
    else rooms.set(event.room, [event]);
  }
  return rooms.values();
}

/** Cuts where the audience changes: before somebody's coming, after somebody's leaving. */
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

/** Whom an event about a member is about. */
export function memberOf(event: CommittedEvent): string {
  return (event.body['user'] as { id: string }).id;
}

function nameOf(event: CommittedEvent): string {
  return (event.body['user'] as { name: string }).name;
}
