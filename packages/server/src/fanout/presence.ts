import type { PresenceState, UserRef } from '@madang/protocol';
import type { Clock } from '../clock.js';
import { refOf } from '../identity/actor.js';
import { Note } from '../log/committed.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { Delivery } from './deliver.js';

/** Changes of so many ms are told together. */
const FLUSH_MS = 200;

/** Who went is offline after so many ms: a reload or a change of networks isn't a leaving. */
const GRACE_MS = 4000;

/** In rooms with more connections than this, presence isn't told live: each coming would cost one write for each. */
const MAX_AUDIENCE = 500;

/** How often those who are here are remembered as here. */
const TOUCH_MS = 60_000;

/** A user's presence, as others see it. */
export interface UserPresence {
  presence: PresenceState;
  lastSeen?: number;
}

/** Online, away, offline: over all of a user's connections, the most present one counts. */
export class Presence {
  readonly #connections: Connections;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #onHere: (users: string[]) => Promise<void>;
  /** What was last told of those who are here, or went a moment ago. */
  readonly #told = new Map<string, { user: UserRef; presence: PresenceState }>();
  readonly #changed = new Set<string>();
  readonly #leaving = new Map<string, { timer: NodeJS.Timeout; rooms: ReadonlySet<string> }>();
  readonly #seen = new Set<string>();
  #flushing: NodeJS.Timeout | undefined;
  readonly #touching: NodeJS.Timeout;

  /** `onHere` hears, once a minute and when they go, who is here. */
  constructor(parts: {
    connections: Connections;
    delivery: Delivery;
    clock: Clock;
    onHere: (users: string[]) => Promise<void>;
  }) {
    this.#connections = parts.connections;
    this.#delivery = parts.delivery;
    this.#clock = parts.clock;
    this.#onHere = parts.onHere;
    this.#touching = setInterval(() => void this.#touch(), TOUCH_MS);
    this.#touching.unref();
  }

  /** A connection has a session now. */
  connected(connection: Connection): void {
    const user = connection.session?.user;
    if (!user) return;
    clearTimeout(this.#leaving.get(user.id)?.timer);
    this.#leaving.delete(user.id);
    this.#change(refOf(user));
  }

  /** A connection says that its person is here or away. */
  set(connection: Connection, presence: 'online' | 'away'): void {
    connection.presence = presence;
    if (connection.session) this.#change(refOf(connection.session.user));
  }

  /** A connection of a user is gone; `rooms` are those it heard. */
  disconnected(user: UserRef, rooms: ReadonlySet<string>): void {
    if (this.#connections.ofUser(user.id).size > 0) return this.#change(user);
    if (this.#leaving.has(user.id)) return;
    const timer = setTimeout(() => this.#left(user), GRACE_MS);
    timer.unref();
    this.#leaving.set(user.id, { timer, rooms });
    this.seen(user.id);
  }

  /** A user did something without a connection: remembered as here for their name's sake. */
  seen(user: string): void {
    this.#seen.add(user);
  }

  /** A user's presence now; `lastSeenAt` is what the store knows. */
  of(user: string, lastSeenAt: number): UserPresence {
    const presence = this.#stateOf(user);
    return presence === 'offline' ? { presence, lastSeen: lastSeenAt } : { presence };
  }

  /** Those of these rooms' people who are here. */
  presentIn(room: string): string[] {
    const users = new Set<string>();
    for (const { session } of this.#connections.inRoom(room)) if (session) users.add(session.user.id);
    return [...users];
  }

  /** Remembers a last time who is here, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#touching);
    clearTimeout(this.#flushing);
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
    await this.#touch();
  }

  #stateOf(user: string): PresenceState {
    let state: PresenceState = this.#leaving.has(user) ? (this.#told.get(user)?.presence ?? 'online') : 'offline';
    for (const { presence } of this.#connections.ofUser(user)) {
      if (presence === 'online') return 'online';
      state = 'away';
    }
    return state;
  }

  #left(user: UserRef): void {
    const leaving = this.#leaving.get(user.id);
    this.#leaving.delete(user.id);
    this.#told.delete(user.id);
    const note = new Note('presence.changed', { user, presence: 'offline', lastSeen: this.#clock.now() });
    for (const connection of this.#audience(leaving?.rooms ?? new Set())) {
      this.#delivery.signalConnection(connection, [note]);
    }
  }

  #change(user: UserRef): void {
    const presence = this.#stateOf(user.id);
    if (presence === 'offline' || this.#told.get(user.id)?.presence === presence) return;
    this.#told.set(user.id, { user, presence });
    this.#changed.add(user.id);
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    this.#flushing = undefined;
    const notes = new Map<Connection, Note[]>();
    for (const id of this.#changed) {
      const told = this.#told.get(id);
      if (!told) continue;
      const note = new Note('presence.changed', { user: told.user, presence: told.presence });
      for (const connection of this.#audience(this.#connections.roomsOf(id))) {
        const ofConnection = notes.get(connection);
        if (ofConnection) ofConnection.push(note);
        else notes.set(connection, [note]);
      }
    }
    this.#changed.clear();
    for (const [connection, ofConnection] of notes) this.#delivery.signalConnection(connection, ofConnection);
  }

  #audience(rooms: ReadonlySet<string>): Set<Connection> {
    const audience = new Set<Connection>();
    for (const room of rooms) {
      const here = this.#connections.inRoom(room);
      if (here.size <= MAX_AUDIENCE) for (const connection of here) audience.add(connection);
    }
    return audience;
  }

  async #touch(): Promise<void> {
    const users = new Set([...this.#told.keys(), ...this.#seen]);
    this.#seen.clear();
    if (users.size === 0) return;
    // A failure here costs a "last seen", and the store's own health check tells of it.
    await this.#onHere([...users]).catch(() => undefined);
  }
}
