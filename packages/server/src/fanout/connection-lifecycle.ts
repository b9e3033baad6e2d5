import type { UserRef } from '@madang/protocol';
import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPerson, refOf, type Session } from '../identity/actor.js';
import { OutboundEvent } from '../log/committed.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { DeliveryRecords } from './delivery-records.js';
import type { HandshakeTimeouts } from './handshake-timeouts.js';
import type { SendBuffers } from './send-buffer.js';

/** How long a stop waits for connections to close, and how often it checks, in ms. */
const CLOSE_MS = 2000;
const CLOSE_STEP_MS = 20;

/** How long an ended session is remembered, in ms: somebody may be connecting with it. */
const ENDED_MS = 60_000;

/** Called as users connect and disconnect. */
export interface PeopleListener {
  /** A connection has a session now. */
  connected(connection: Connection): void;
  /** A user's connection is gone; `rooms` are those it was in. */
  disconnected(user: UserRef, rooms: readonly string[]): void;
}

/** A connection's life as transports report it: opened, given a session, drained, closed. */
export class ConnectionLifecycle {
  readonly #connections: Connections;
  readonly #people: PeopleListener;
  readonly #buffers: SendBuffers;
  readonly #records: DeliveryRecords;
  readonly #handshakeTimeouts: HandshakeTimeouts;
  readonly #ended = new LRUCache<string, 'signed_out' | 'revoked'>({ max: 1000, ttl: ENDED_MS });

  constructor(parts: {
    connections: Connections;
    people: PeopleListener;
    buffers: SendBuffers;
    records: DeliveryRecords;
    handshakeTimeouts: HandshakeTimeouts;
  }) {
    this.#connections = parts.connections;
    this.#people = parts.people;
    this.#buffers = parts.buffers;
    this.#records = parts.records;
    this.#handshakeTimeouts = parts.handshakeTimeouts;
  }

  /** A connection is open, without a session. */
  opened(connection: Connection): void {
    this.#connections.add(connection);
    this.#handshakeTimeouts.came(connection);
  }

  /** A connection has a session; once this resolves it receives the events of the user's rooms. */
  async begins(connection: Connection, session: Session): Promise<void> {
    const before = connection.session;
    if (before && before.user.id !== session.user.id) this.#change(connection, before);
    this.#records.closed(connection);
    await this.#connections.attach(connection, session);
    this.#handshakeTimeouts.forget(connection);
    const ended = this.#ended.get(session.id);
    if (ended) return this.sessionEnded(session.id, ended);
    // It may have closed meanwhile.
    if (!connection.session || !isPerson(connection.session.user)) return;
    this.#records.opened(connection, connection.session.user.id);
    this.#people.connected(connection);
  }

  /** A user has a new name. */
  renamed(user: UserRef): void {
    this.#connections.rename(user.id, user.name);
  }

  /** The network has accepted some of what was queued. */
  drained(connection: Connection): void {
    this.#buffers.drained(connection);
  }

  /** A connection is closed. */
  closed(connection: Connection): void {
    this.#buffers.forget(connection);
    this.#handshakeTimeouts.forget(connection);
    if (connection.session) this.#leave(connection, connection.session);
    this.#connections.remove(connection);
  }

  /**
   * A session has ended: from now on its connections receive nothing and may do nothing. They are told and closed one
   * turn later, so that whoever ended it gets the answer first.
   */
  sessionEnded(sessionId: string, reason: 'signed_out' | 'revoked'): void {
    this.#ended.set(sessionId, reason);
    const event = new OutboundEvent('session.ended', { reason });
    for (const connection of this.#connections.all) {
      const { session } = connection;
      if (session?.id !== sessionId) continue;
      this.#leave(connection, session);
      setImmediate(() => {
        connection.write(connection.format.encode([event]));
        connection.close('session_ended');
      });
    }
  }

  /**
   * The server stops: tells everyone when to reconnect, spread over `spreadMs`, and closes their connections. Resolves
   * when all are gone (a polling client learns it with its next poll), or after two seconds.
   */
  async closeAll(spreadMs: number): Promise<void> {
    this.#sendAway(spreadMs);
    for (let waited = 0; waited < CLOSE_MS && this.#connections.all.size > 0; waited += CLOSE_STEP_MS) {
      await sleep(CLOSE_STEP_MS);
    }
  }

  /** Another history has begun: connections receive nothing more, and are sent away to read it from the beginning. */
  startOver(spreadMs: number): void {
    this.#connections.outdate();
    this.#sendAway(spreadMs);
  }

  /** Tells everyone when to reconnect, spread over `spreadMs`, and closes their connections. */
  #sendAway(spreadMs: number): void {
    // Each gets its own part of the time, and a random moment in it.
    const part = spreadMs / this.#connections.all.size;
    for (const [index, connection] of [...this.#connections.all].entries()) {
      const reconnectMs = Math.round((index + Math.random()) * part);
      connection.write(connection.format.encode([new OutboundEvent('server.closing', { reconnectMs })]));
      connection.close('restarting');
    }
  }

  /** Nothing of a connection's previous user is left for the next one. */
  #change(connection: Connection, before: Session): void {
    this.#leave(connection, before);
    this.#buffers.forget(connection);
    connection.presence = 'online';
  }

  #leave(connection: Connection, session: Session): void {
    const rooms = this.#connections.roomsOf(session.user.id);
    this.#connections.detach(connection);
    if (!isPerson(session.user)) return;
    this.#records.closed(connection);
    this.#people.disconnected(refOf(session.user), rooms);
  }
}
