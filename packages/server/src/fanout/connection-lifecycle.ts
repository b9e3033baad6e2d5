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

/** How long a stop waits for connections to close, in ms, and how often it looks. */
const CLOSE_MS = 2000;
const CLOSE_STEP_MS = 20;

/** How long it is remembered that a session has ended, in ms: somebody may be coming in with it. */
const ENDED_MS = 60_000;

/** Hears who comes and goes. */
export interface PeopleListener {
  /** A connection has a session now. */
  connected(connection: Connection): void;
  /** A connection of a user is gone; `rooms` are those it heard. */
  disconnected(user: UserRef, rooms: readonly string[]): void;
}

/** A connection's life as transports tell it: opened, given a session, drained, closed. */
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

  /** A connection has a session; when this resolves it hears the user's rooms. */
  async begins(connection: Connection, session: Session): Promise<void> {
    const before = connection.session;
    if (before && before.user.id !== session.user.id) this.#change(connection, before);
    this.#records.closed(connection);
    await this.#connections.attach(connection, session);
    this.#handshakeTimeouts.forget(connection);
    const ended = this.#ended.get(session.id);
    if (ended) return this.sessionEnded(session.id, ended);
    // It may be closed by now.
    if (!connection.session || !isPerson(connection.session.user)) return;
    this.#records.opened(connection, connection.session.user.id);
    this.#people.connected(connection);
  }

  /** A user has a new name. */
  renamed(user: UserRef): void {
    this.#connections.rename(user.id, user.name);
  }

  /** The network took something of what was queued. */
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
   * A session is over: from now on its connections hear nothing and may do nothing. They are told, and closed, a turn
   * later, so that who ended it gets the answer first.
   */
  sessionEnded(sessionId: string, reason: 'signed_out' | 'revoked'): void {
    this.#ended.set(sessionId, reason);
    const note = new OutboundEvent('session.ended', { reason });
    for (const connection of this.#connections.all) {
      const { session } = connection;
      if (session?.id !== sessionId) continue;
      this.#leave(connection, session);
      setImmediate(() => {
        connection.write(connection.format.encode([note]));
        connection.close('session_ended');
      });
    }
  }

  /**
   * The server stops: everyone is told when to come back, spread over `spreadMs`, and closed. Resolves when all are gone
   * (a polling client hears it with its next poll), or after two seconds.
   */
  async closeAll(spreadMs: number): Promise<void> {
    this.sendAway(spreadMs);
    for (let waited = 0; waited < CLOSE_MS && this.#connections.all.size > 0; waited += CLOSE_STEP_MS) {
      await sleep(CLOSE_STEP_MS);
    }
  }

  /** Everyone is told when to come again, spread over `spreadMs`, and closed. */
  sendAway(spreadMs: number): void {
    // Each has a part of the time for itself, and comes somewhere in it.
    const part = spreadMs / this.#connections.all.size;
    for (const [index, connection] of [...this.#connections.all].entries()) {
      const reconnectMs = Math.round((index + Math.random()) * part);
      connection.write(connection.format.encode([new OutboundEvent('server.closing', { reconnectMs })]));
      connection.close('restarting');
    }
  }

  /** Nothing of the user that a connection had is left for the next one. */
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
