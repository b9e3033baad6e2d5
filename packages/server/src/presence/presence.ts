import type { PresenceState, UserRef } from '@madang/protocol';
import { type Clock, JumpWatch } from '../clock.js';
import { refOf } from '../identity/actor.js';
import { OutboundEvent } from '../log/committed.js';
import type { Connection } from '../fanout/connection.js';
import type { Connections } from '../fanout/connections.js';
import type { Delivery } from '../fanout/deliver.js';

/** Changes of so many ms are told together. */
const FLUSH_MS = 200;

/** Who went is offline after so many ms: a reload or a change of networks isn't a leaving. */
const GRACE_MS = 4000;

/** In rooms with more connections than this, presence isn't told live: each coming would cost one write for each. */
const MAX_AUDIENCE = 500;

/** How often it is remembered who has gone or done something without a connection, in ms. */
const TOUCH_MS = 60_000;

/** Who is here is remembered as here every so many times: a tenth of them each minute, for each is a few writes. */
const TOUCH_TURNS = 10;

/** A user's presence, as others see it. */
export interface UserPresence {
  presence: PresenceState;
  lastSeen?: number;
}

/** A user's presence as their node tells it to others. */
export interface ToldPresence {
  user: UserRef;
  presence: PresenceState;
  /** With `offline`: since when, ms since 1970. */
  lastSeen?: number;
}

/** What other nodes know of people's presence, and hear of it. */
export interface PresenceElsewhere {
  stateOf(user: string): 'online' | 'away' | undefined;
  /** The rooms heard here of a user who is elsewhere. */
  roomsOf(user: string): ReadonlySet<string>;
  inRoom(room: string): ReadonlySet<string>;
  /** Resolves when the people of a room who are elsewhere are known, or can't be for now. */
  know(room: string): Promise<void>;
  /** Tells the other nodes what people are here now, or not any more. */
  tell(people: readonly { told: ToldPresence; rooms: Iterable<string> }[]): void;
}

/** A change that is still to be told. */
interface Change {
  user: UserRef;
  /** Rooms to tell beside those that are known. */
  rooms: Set<string>;
  lastSeen: number | undefined;
}

const noRooms: readonly string[] = [];

/** Online, away, offline: over all of a user's connections, at every node, the most present one counts. */
export class Presence {
  readonly #connections: Connections;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #onHere: (users: string[]) => Promise<void>;
  /** What was last told to clients of those who are anywhere, or went a moment ago. */
  readonly #told = new Map<string, PresenceState>();
  /** What was last told to other nodes of those who are here, or went a moment ago. */
  readonly #here = new Map<string, PresenceState>();
  readonly #changed = new Map<string, Change>();
  readonly #leaving = new Map<string, { timer: NodeJS.Timeout; rooms: readonly string[] }>();
  /** Who went, or did something without a connection, and when: not in the store yet. */
  readonly #seen = new Map<string, number>();
  #flushing: NodeJS.Timeout | undefined;
  #touchTurn = 0;
  readonly #elsewhere: PresenceElsewhere;
  readonly #jumps: JumpWatch;
  readonly #touching: NodeJS.Timeout;

  /** `onHere` hears who is here: every ten minutes, and within a minute when they go. */
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

  /** A connection says that its person is here or away. */
  set(connection: Connection, presence: 'online' | 'away'): void {
    connection.presence = presence;
    if (connection.session) this.#changedHere(refOf(connection.session.user));
  }

  /** A connection of a user is gone; `rooms` are those it heard. */
  disconnected(user: UserRef, rooms: readonly string[]): void {
    if (this.#connections.ofUser(user.id).length > 0) return this.#changedHere(user);
    if (this.#leaving.has(user.id)) return;
    const timer = setTimeout(() => this.#left(user), GRACE_MS);
    timer.unref();
    this.#leaving.set(user.id, { timer, rooms });
    this.seen(user.id);
  }

  /** A user did something without a connection: remembered as here for their name's sake. */
  seen(user: string): void {
    this.#seen.set(user, this.#clock.now());
  }

  /** A user's presence now; `lastSeenAt` is what the store knows. */
  of(user: string, lastSeenAt: number): UserPresence {
    const presence = this.#stateOf(user);
    if (presence !== 'offline') return { presence };
    // Never in the future, whatever the clock was then.
    const lastSeen = Math.min(Math.max(lastSeenAt, this.#seen.get(user) ?? 0), this.#clock.now());
    return { presence, lastSeen };
  }

  /** A room's people who are present. */
  async presentIn(room: string): Promise<string[]> {
    await this.#elsewhere.know(room);
    return [...this.#hereIn(room), ...this.#elsewhere.inRoom(room)];
  }

  /** Resolves when {@link Presence.of} can answer for the people of a room. */
  know(room: string): Promise<void> {
    return this.#elsewhere.know(room);
  }

  /** The presence of a room's people at this node, for another one. */
  toldIn(room: string): ToldPresence[] {
    const people = new Map<string, UserRef>();
    for (const { session } of this.#connections.inRoom(room)) {
      if (session) people.set(session.user.id, refOf(session.user));
    }
    return [...people.values()].map((user) => ({ user, presence: this.#stateHere(user.id) }));
  }

  /** A user who is here became a member of a room, where nobody knows of them yet. */
  entered(user: string, room: string): void {
    const [connection] = this.#connections.ofUser(user);
    if (!connection?.session) return;
    const told = { user: refOf(connection.session.user), presence: this.#stateHere(user) };
    this.#elsewhere.tell([{ told, rooms: [room] }]);
  }

  /** A user's presence on other nodes is another one. */
  changedElsewhere(user: UserRef, rooms: Iterable<string>, lastSeen: number | undefined): void {
    this.#change(user, rooms, lastSeen);
  }

  /** Nothing is known of a user any more, and nobody here is to be told. */
  forget(user: string): void {
    if (this.#stateOf(user) === 'offline') this.#told.delete(user);
  }

  /** Remembers a last time who is here, and stops. */
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
    const notes = new Map<Connection, OutboundEvent[]>();
    for (const [id, { user, rooms, lastSeen }] of this.#changed) {
      const presence = this.#stateOf(id);
      if ((this.#told.get(id) ?? 'offline') === presence) continue;
      if (presence === 'offline') this.#told.delete(id);
      else this.#told.set(id, presence);
      const audience = this.#audience(id, rooms);
      if (audience.size === 0) continue;
      const offline = presence === 'offline' && { lastSeen: lastSeen ?? this.#clock.now() };
      const note = new OutboundEvent('presence.changed', { user, presence, ...offline });
      for (const connection of audience) {
        const ofConnection = notes.get(connection);
        if (ofConnection) ofConnection.push(note);
        else notes.set(connection, [note]);
      }
    }
    this.#changed.clear();
    for (const [connection, ofConnection] of notes) this.#delivery.signalConnection(connection, ofConnection);
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
    // What the store says of them, and of their names, is of another time.
    if (this.#jumps.hasJumped()) return [...this.#here.keys()];
    this.#touchTurn = (this.#touchTurn + 1) % TOUCH_TURNS;
    return [...this.#here.keys()].filter((user) => user.charCodeAt(user.length - 1) % TOUCH_TURNS === this.#touchTurn);
  }

  async #touch(here: string[]): Promise<void> {
    const users = new Set([...here, ...this.#seen.keys()]);
    this.#seen.clear();
    if (users.size === 0) return;
    // A failure here costs a "last seen", and the store's own health check tells of it.
    await this.#onHere([...users]).catch(() => undefined);
  }
}
