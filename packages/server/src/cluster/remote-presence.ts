import type { PresenceState, UserRef } from '@madang/protocol';
import type { ToldPresence } from '../presence/presence.js';

/** Called with a user whose presence on other nodes has changed, and the rooms in which that matters. */
export type RemotePresenceListener = (change: {
  user: UserRef;
  rooms: ReadonlySet<string>;
  lastSeen: number | undefined;
}) => void;

interface Person {
  user: UserRef;
  nodes: Map<string, { presence: PresenceState; rooms: Set<string> }>;
}

const none: ReadonlySet<never> = new Set();

/** Users of the rooms followed here who are connected to other nodes, as reported by those. */
export class RemotePresence {
  readonly #people = new Map<string, Person>();
  readonly #rooms = new Map<string, Set<string>>();
  readonly #onChanged: RemotePresenceListener;

  constructor(onChanged: RemotePresenceListener) {
    this.#onChanged = onChanged;
  }

  /** A node reports users of a room. */
  take(node: string, room: string, people: readonly ToldPresence[]): void {
    for (const told of people) {
      if (told.presence === 'offline') this.#gone(told.user.id, node, told.lastSeen);
      else this.#here(node, room, told);
    }
  }

  /** A node reports all its users of a room: whoever isn't among them isn't there. */
  replace(node: string, room: string, people: readonly ToldPresence[]): void {
    const told = new Set(people.map(({ user }) => user.id));
    for (const user of this.inRoom(room)) {
      if (!told.has(user) && this.#people.get(user)?.nodes.get(node)?.rooms.has(room))
        this.#gone(user, node, undefined);
    }
    this.take(node, room, people);
  }

  /** The most present of a user's states on other nodes; undefined if they are on none. */
  stateOf(user: string): 'online' | 'away' | undefined {
    const person = this.#people.get(user);
    if (!person) return undefined;
    for (const { presence } of person.nodes.values()) if (presence === 'online') return 'online';
    return 'away';
  }

  /** The rooms followed here of a user who is on another node. */
  roomsOf(user: string): ReadonlySet<string> {
    const rooms = new Set<string>();
    for (const node of this.#people.get(user)?.nodes.values() ?? []) for (const room of node.rooms) rooms.add(room);
    return rooms;
  }

  /** The users of a room who are on other nodes. */
  inRoom(room: string): ReadonlySet<string> {
    return this.#rooms.get(room) ?? none;
  }

  /** A user is no longer a member of a room. */
  left(user: string, room: string): void {
    const person = this.#people.get(user);
    if (person) this.#leave(person, room);
  }

  /** A room is no longer followed here. Returns its users about whom nothing is known any more. */
  forgetRoom(room: string): string[] {
    const people = [...this.inRoom(room)];
    for (const user of people) this.left(user, room);
    return people.filter((user) => !this.#people.has(user));
  }

  /** A node is gone, and its users with it. */
  forgetNode(node: string): void {
    for (const user of [...this.#people.keys()]) this.#gone(user, node, undefined);
  }

  #here(node: string, room: string, { user, presence }: ToldPresence): void {
    let person = this.#people.get(user.id);
    if (!person) this.#people.set(user.id, (person = { user, nodes: new Map() }));
    person.user = user;
    const there = person.nodes.get(node);
    if (there) {
      there.presence = presence;
      there.rooms.add(room);
    } else person.nodes.set(node, { presence, rooms: new Set([room]) });
    const inRoom = this.#rooms.get(room);
    if (inRoom) inRoom.add(user.id);
    else this.#rooms.set(room, new Set([user.id]));
    this.#onChanged({ user, rooms: new Set([room]), lastSeen: undefined });
  }

  #gone(user: string, node: string, lastSeen: number | undefined): void {
    const person = this.#people.get(user);
    if (!person?.nodes.has(node)) return;
    const rooms = this.roomsOf(user);
    person.nodes.delete(node);
    const stays = this.roomsOf(user);
    for (const room of rooms) if (!stays.has(room)) this.#outOf(room, user);
    if (person.nodes.size === 0) this.#people.delete(user);
    this.#onChanged({ user: person.user, rooms, lastSeen });
  }

  #leave(person: Person, room: string): void {
    for (const [node, { rooms }] of person.nodes) {
      rooms.delete(room);
      if (rooms.size === 0) person.nodes.delete(node);
    }
    if (person.nodes.size === 0) this.#people.delete(person.user.id);
    this.#outOf(room, person.user.id);
  }

  #outOf(room: string, user: string): void {
    const people = this.#rooms.get(room);
    people?.delete(user);
    if (people?.size === 0) this.#rooms.delete(room);
  }
}
