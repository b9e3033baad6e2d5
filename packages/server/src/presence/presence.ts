import type { PresenceState, UserRef } from '@madang/protocol';
import { type Clock, JumpWatch } from '../clock.js';
import { refOf } from '../identity/actor.js';
import { OutboundEvent } from '../log/committed.js';
import type { Connection } from '../fanout/connection.js';
import type { Connections } from '../fanout/connections.js';
import type { Delivery } from '../fanout/deliver.js';

/** Changes are collected for this long before they are sent, in ms. */
const FLUSH_MS = 200;

/** How long after disconnecting a user counts as offline, in ms: a reload or a change of network isn't a departure. */
const GRACE_MS = 4000;

/**
 * In rooms with more connections than this, presence is not sent live: each change would cost one write per connection.
 */
const MAX_AUDIENCE = 500;

/** Interval for storing who has gone, or has acted without a connection, in ms. */
const TOUCH_MS = 60_000;

/**
 * Users who are online are stored as such once in this many intervals, a tenth of them each minute, since each takes a
 * few writes.
 */
const TOUCH_TURNS = 10;

/** A user's presence, as others see it. */
export interface UserPresence {
  presence: PresenceState;
  lastSeen?: number;
}

/** A user's presence on their node, as reported to other nodes. */
export interface ToldPresence {
  user: UserRef;
  presence: PresenceState;
  /** If `offline`: since when, in ms since 1970. */
  lastSeen?: number;
}

/** The presence of users on other nodes. */
export interface PresenceElsewhere {
  stateOf(user: string): 'online' | 'away' | undefined;
  /** The rooms followed here of a user who is on another node. */
  roomsOf(user: string): ReadonlySet<string>;
  inRoom(room: string): ReadonlySet<string>;
  /** Resolves when the room's users on other nodes are known, or can't be for now. */
  know(room: string): Promise<void>;
  /** Tells the other nodes which users are here now, or no longer are. */
  tell(people: readonly { told: ToldPresence; rooms: Iterable<string> }[]): void;
}

/** A change not yet sent. */
interface Change {
  user: UserRef;
  /** Rooms to notify besides those that are known. */
  rooms: Set<string>;
  lastSeen: number | undefined;
}

const noRooms: readonly string[] = [];

/** Online, away or offline: the most present of all a user's connections, on every node, counts. */
export class Presence {
  readonly #connections: Connections;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #onHere: (users: string[]) => Promise<void>;
  /** The state last sent to clients for users who are online anywhere, or left a moment ago. */
  readonly #told = new Map<string, PresenceState>();
  /** The state last sent to other nodes for users who are here, or left a moment ago. */
  readonly #here = new Map<string, PresenceState>();
  readonly #changed = new Map<string, Change>();
  readonly #leaving = new Map<string, { timer: NodeJS.Timeout; rooms: readonly string[] }>();
  /** Users who left, or acted without a connection, and when: not yet stored. */
  readonly #seen = new Map<string, number>();
  #flushing: NodeJS.Timeout | undefined;
  #touchTurn = 0;
  readonly #elsewhere: PresenceElsewhere;
  readonly #jumps: JumpWatch;
  readonly #touching: NodeJS.Timeout;

  /** `onHere` receives the users who are here: every ten minutes, and within a minute after they leave. */
  constructor(parts: {
    connections: Connections;
    delivery: Delivery;
    clock: Clock;
    elsewhere: PresenceElsewhere;
    onHere: (users: string[]) => Promise<void>;
  }) {
    this.#connections = parts.connections;
    this.#delivery = parts.delivery;
    this.#clock = parts.clock;
    this.#elsewhere = parts.elsewhere;
    this.#onHere = parts.onHere;
    this.#jumps = new JumpWatch(this.#clock);
    this.#touching = setInterval(() => void this.#touch(this.#nextOfThoseHere()), TOUCH_MS);
    this.#touching.unref();
  }

  /** A connection has a session now. */
  connected(connection: Connection): void {
    const user = connection.session?.user;
    if (!user) return;
    clearTimeout(this.#leaving.get(user.id)?.timer);
    this.#leaving.delete(user.id);
    this.#changedHere(refOf(user));
  }

  /** A connection reports its user as online or away. */
  set(connection: Connection, presence: 'online' | 'away'): void {
    connection.presence = presence;
    if (connection.session) this.#changedHere(refOf(connection.session.user));
  }

  /** A user's connection is gone; `rooms` are those it was in. */
  disconnected(user: UserRef, rooms: readonly string[]): void {
    if (this.#connections.ofUser(user.id).length > 0) return this.#changedHere(user);
    if (this.#leaving.has(user.id)) return;
    const timer = setTimeout(() => this.#left(user), GRACE_MS);
    timer.unref();
    this.#leaving.set(user.id, { timer, rooms });
    this.seen(user.id);
  }

  /** A user acted without a connection: recorded as here, so that they keep their name. */
  seen(user: string): void {
    this.#seen.set(user, this.#clock.now());
  }

  /** A user's current presence; `lastSeenAt` is the stored time. */
  of(user: string, lastSeenAt: number): UserPresence {
    const presence = this.#stateOf(user);
    if (presence !== 'offline') return { presence };
    // Never in the future, whatever the clock showed then.
    const lastSeen = Math.min(Math.max(lastSeenAt, this.#seen.get(user) ?? 0), this.#clock.now());
    return { presence, lastSeen };
  }

  /** The users of a room who are present. */
  async presentIn(room: string): Promise<string[]> {
    await this.#elsewhere.know(room);
    return [...this.#hereIn(room), ...this.#elsewhere.inRoom(room)];
  }

  /** Resolves when {@link Presence.of} can answer for the users of a room. */
  know(room: string): Promise<void> {
    return this.#elsewhere.know(room);
  }

  /** The presence of a room's users on this node, for another node. */
  toldIn(room: string): ToldPresence[] {
    const people = new Map<string, UserRef>();
    for (const { session } of this.#connections.inRoom(room)) {
      if (session) people.set(session.user.id, refOf(session.user));
    }
    return [...people.values()].map((user) => ({ user, presence: this.#stateHere(user.id) }));
  }

  /** A local user joined a room whose members know nothing of them yet. */
  entered(user: string, room: string): void {
    const [connection] = this.#connections.ofUser(user);
    if (!connection?.session) return;
    const told = { user: refOf(connection.session.user), presence: this.#stateHere(user) };
    this.#elsewhere.tell([{ told, rooms: [room] }]);
  }

  /** A user's presence on other nodes has changed. */
  changedElsewhere(user: UserRef, rooms: Iterable<string>, lastSeen: number | undefined): void {
    this.#change(user, rooms, lastSeen);
  }

  /** Nothing is known of a user any more, and nobody here needs to be told. */
  forget(user: string): void {
    if (this.#stateOf(user) === 'offline') this.#told.delete(user);
  }

  /** Stores once more who is here, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#touching);
    clearTimeout(this.#flushing);
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
    await this.#touch([...this.#here.keys()]);
  }

  #stateOf(user: string): PresenceState {
    const here = this.#stateHere(user);
    if (here === 'online') return here;
    return this.#elsewhere.stateOf(user) ?? here;
  }

  #stateHere(user: string): PresenceState {
    let state: PresenceState = this.#leaving.has(user) ? (this.#here.get(user) ?? 'online') : 'offline';
    for (const { presence } of this.#connections.ofUser(user)) {
      if (presence === 'online') return 'online';
      state = 'away';
    }
    return state;
  }

  #hereIn(room: string): Set<string> {
    const users = new Set<string>();
    for (const { session } of this.#connections.inRoom(room)) if (session) users.add(session.user.id);
    return users;
  }

  #left(user: UserRef): void {
    const rooms = this.#leaving.get(user.id)?.rooms ?? noRooms;
    this.#leaving.delete(user.id);
    this.#here.delete(user.id);
    const lastSeen = this.#clock.now();
    this.#elsewhere.tell([{ told: { user, presence: 'offline', lastSeen }, rooms }]);
    this.#change(user, rooms, lastSeen);
  }

  #changedHere(user: UserRef): void {
    const presence = this.#stateHere(user.id);
    if (presence === 'offline' || this.#here.get(user.id) === presence) return;
    this.#here.set(user.id, presence);
    this.#change(user, [], undefined);
    this.#elsewhere.tell([{ told: { user, presence }, rooms: this.#connections.roomsOf(user.id) }]);
  }

  #change(user: UserRef, rooms: Iterable<string>, lastSeen: number | undefined): void {
    const change = this.#changed.get(user.id) ?? { user, rooms: new Set(), lastSeen };
    for (const room of rooms) change.rooms.add(room);
    change.lastSeen = lastSeen ?? change.lastSeen;
    this.#changed.set(user.id, change);
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    this.#flushing = undefined;
    const outgoing = new Map<Connection, OutboundEvent[]>();
    for (const [id, { user, rooms, lastSeen }] of this.#changed) {
      const presence = this.#stateOf(id);
      if ((this.#told.get(id) ?? 'offline') === presence) continue;
      if (presence === 'offline') this.#told.delete(id);
      else this.#told.set(id, presence);
      const audience = this.#audience(id, rooms);
      if (audience.size === 0) continue;
      const offline = presence === 'offline' && { lastSeen: lastSeen ?? this.#clock.now() };
      const event = new OutboundEvent('presence.changed', { user, presence, ...offline });
      for (const connection of audience) {
        const ofConnection = outgoing.get(connection);
        if (ofConnection) ofConnection.push(event);
        else outgoing.set(connection, [event]);
      }
    }
    this.#changed.clear();
    for (const [connection, ofConnection] of outgoing) this.#delivery.signalConnection(connection, ofConnection);
  }

  #audience(user: string, rooms: ReadonlySet<string>): Set<Connection> {
    const audience = new Set<Connection>();
    const elsewhere = this.#elsewhere;
    for (const some of [rooms, this.#connections.roomsOf(user), elsewhere.roomsOf(user)]) {
      for (const room of some) {
        if (this.#connections.isQuiet(room)) continue;
        const here = this.#connections.inRoom(room);
        if (here.size + elsewhere.inRoom(room).size > MAX_AUDIENCE) continue;
        for (const connection of here) audience.add(connection);
      }
    }
    return audience;
  }

  #nextOfThoseHere(): string[] {
    // The times that the store has for them and their names are wrong now.
    if (this.#jumps.hasJumped()) return [...this.#here.keys()];
    this.#touchTurn = (this.#touchTurn + 1) % TOUCH_TURNS;
    return [...this.#here.keys()].filter((user) => user.charCodeAt(user.length - 1) % TOUCH_TURNS === this.#touchTurn);
  }

  async #touch(here: string[]): Promise<void> {
    const users = new Set([...here, ...this.#seen.keys()]);
    this.#seen.clear();
    if (users.size === 0) return;
    // A failure only costs a "last seen" time; the store's own health check reports it.
    await this.#onHere([...users]).catch(() => undefined);
  }
}
