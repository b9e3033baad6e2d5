import type { Session } from '../identity/actor.js';
import { blockedRoomsOf } from '../store/queries/members.js';
import type { Store } from '../store/store.js';
import type { Connection } from './connection.js';
import type { OtherNodes } from './other-nodes.js';

/**
 * A user with a connection. Arrays: a Set costs more memory than most users' few rooms. Copied on change, because an
 * array that grows (even by a spread) reserves space for sixteen more.
 */
interface Present {
  connections: readonly Connection[];
  rooms: readonly string[];
  /** While the rooms are being read: changes from the log meanwhile, which are newer. */
  news: Map<string, 'joined' | 'left'> | undefined;
  /** Undefined once they have been read. */
  loading: Promise<void> | undefined;
  /** The rooms are those of another history: the connections receive nothing, and the next one reads them again. */
  isOutdated: boolean;
}

const nobody: ReadonlySet<never> = new Set();
const none: readonly never[] = [];

/** The connections, by room, user and session. Membership follows the log, event by event. */
export class Connections {
  readonly #store: Store;
  readonly #all = new Set<Connection>();
  readonly #users = new Map<string, Present>();
  readonly #rooms = new Map<string, Set<Connection>>();
  /** Direct rooms of connected users in which neither is told about the other. */
  readonly #quiet = new Set<string>();
  #quietChanges = 0;
  readonly #others: OtherNodes;

  constructor(store: Store, others: OtherNodes) {
    this.#store = store;
    this.#others = others;
  }

  /** Every connection, with and without a session. */
  get all(): ReadonlySet<Connection> {
    return this.#all;
  }

  /** The connections that receive a room. */
  inRoom(room: string): ReadonlySet<Connection> {
    return this.#rooms.get(room) ?? nobody;
  }

  /** Whether a room's users are not told of each other's presence. */
  isQuiet(room: string): boolean {
    return this.#quiet.has(room);
  }

  /** All such rooms. */
  get quietRooms(): ReadonlySet<string> {
    return this.#quiet;
  }

  /** Grows whenever one may have been set, so that something read meanwhile is known to be old. */
  get quietChanges(): number {
    return this.#quietChanges;
  }

  /** Sets whether they are not, for a room with connections here. */
  setQuiet(room: string, quiet: boolean): void {
    this.#quietChanges += 1;
    if (quiet && this.#rooms.has(room)) this.#quiet.add(room);
    else this.#quiet.delete(room);
  }

  /** A user's connections. */
  ofUser(user: string): readonly Connection[] {
    return this.#users.get(user)?.connections ?? none;
  }

  /** The users whose rooms are known. */
  usersWithRooms(): string[] {
    return [...this.#users.keys()].filter((user) => this.hasRooms(user));
  }

  /** Whether a user is connected, and their rooms are known. */
  hasRooms(user: string): boolean {
    const present = this.#users.get(user);
    return present !== undefined && !present.loading && !present.isOutdated;
  }

  /** The rooms of a connected user: a new array after each change. */
  roomsOf(user: string): readonly string[] {
    return this.#users.get(user)?.rooms ?? none;
  }

  /** A connection without a session. */
  add(connection: Connection): void {
    this.#all.add(connection);
  }

  /** Gives a connection its session, and lets it receive the user's rooms. Resolves once it does. */
  async attach(connection: Connection, session: Session): Promise<void> {
    if (!this.#all.has(connection)) return;
    if (connection.session) this.detach(connection);
    connection.session = session;
    const known = this.#users.get(session.user.id);
    const present = known && !known.isOutdated ? known : this.#load(session.user.id);
    if (!present.connections.includes(connection)) present.connections = present.connections.concat(connection);
    for (const room of present.rooms) this.#hear(room, connection);
    await present.loading;
  }

  /** Takes away a connection's session: it receives nothing more. */
  detach(connection: Connection): void {
    const user = connection.session?.user.id;
    const present = user === undefined ? undefined : this.#users.get(user);
    if (user === undefined || !present) return;
    present.connections = present.connections.filter((each) => each !== connection);
    connection.session = undefined;
    for (const room of present.rooms) this.#unhear(room, connection);
    if (present.connections.length === 0) this.#forget(user);
  }

  /** Forgets a closed connection. */
  remove(connection: Connection): void {
    if (this.#all.delete(connection)) this.detach(connection);
  }

  /** A user became a member of a room. */
  join(user: string, room: string): void {
    const present = this.#users.get(user);
    if (!present || present.isOutdated) return;
    present.news?.set(room, 'joined');
    if (!present.rooms.includes(room)) present.rooms = present.rooms.concat(room);
    for (const connection of present.connections) this.#hear(room, connection);
    this.#others.joined(user, room);
  }

  /** A user is no longer a member of a room. */
  leave(user: string, room: string): void {
    const present = this.#users.get(user);
    if (!present) return;
    present.news?.set(room, 'left');
    present.rooms = present.rooms.filter((each) => each !== room);
    for (const connection of present.connections) {
      this.#unhear(room, connection);
      connection.left?.(room);
    }
  }

  /** Another history has begun: who is a member of what must be read again, and until then nobody receives a room. */
  outdate(): void {
    for (const present of this.#users.values()) present.isOutdated = true;
    const rooms = [...this.#rooms.keys()];
    this.#rooms.clear();
    this.#quiet.clear();
    for (const room of rooms) this.#others.roomLeft(room);
  }

  /** A user has a new name. */
  rename(user: string, name: string): void {
    for (const connection of this.ofUser(user)) {
      const { session } = connection;
      if (session) connection.session = { ...session, user: { ...session.user, name } };
    }
  }

  #load(user: string): Present {
    const present: Present = {
      connections: [],
      rooms: [],
      news: new Map(),
      loading: undefined,
      isOutdated: false,
    };
    this.#users.set(user, present);
    present.loading = this.#readRooms(user, present);
    return present;
  }

  #forget(user: string): void {
    this.#users.delete(user);
    this.#others.userWent(user);
  }

  async #readRooms(user: string, present: Present): Promise<void> {
    try {
      for (const room of await this.#others.roomsToHear(user)) {
        if (present.isOutdated || present.news?.get(room) === 'left') continue;
        if (!present.rooms.includes(room)) present.rooms = present.rooms.concat(room);
        for (const connection of present.connections) this.#hear(room, connection);
      }
      for (const room of await blockedRoomsOf(this.#store.read, user)) this.setQuiet(room, true);
      present.news = undefined;
      present.loading = undefined;
    } catch (error) {
      // Without its rooms a user would silently receive nothing: forget them, so that the next attach reads them again.
      if (this.#users.get(user) === present) this.#forget(user);
      throw error;
    }
  }

  #hear(room: string, connection: Connection): void {
    const here = this.#rooms.get(room);
    if (here) here.add(connection);
    else this.#rooms.set(room, new Set([connection]));
  }

  #unhear(room: string, connection: Connection): void {
    const here = this.#rooms.get(room);
    here?.delete(connection);
    if (here?.size !== 0) return;
    this.#rooms.delete(room);
    this.#quiet.delete(room);
    this.#others.roomLeft(room);
  }
}
