import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { isPerson } from '../identity/actor.js';
import {
  headsOtherThan,
  type Membership,
  membershipsOf,
  membershipsSince,
  sessionsAmong,
} from '../store/queries/reconciliation.js';
import type { Store } from '../store/store.js';
import type { Connections } from '../fanout/connections.js';
import type { Sequence } from './sequence.js';

/** How often rooms' heads are compared with the store, in ms: while the bus is whole, and while it is not. */
const HEADS_MS = { whole: 10_000, broken: 1000 };

/** How often it is looked who has joined lately, and which sessions of those who are here have ended, likewise. */
const PEOPLE_MS = { whole: 60_000, broken: 4000 };

/** What counts as lately, in ms: nodes' clocks differ. */
const LATELY_MS = 5 * 60_000;

/** How often all memberships of those who are here are compared, in ms. */
const MEMBERSHIPS_MS = 15 * 60_000;

/**
 * How long what was not answered may still be committed after the store was reached again, in ms: the network may bring it
 * late. Until then the log is looked at as often as without a bus.
 */
const DOUBT_MS = 10_000;

/** How many users or sessions are looked up at a time, so that the loop is free in between. */
const CHUNK = 500;

/** How long ends are gathered before they are looked up together, in ms. */
const GATHER_MS = 5;

/** How often this looks whether something is due, in ms. */
const TICK_MS = 250;

/** What an audit needs. */
export interface ReconciliationParts {
  store: Store;
  clock: Clock;
  sequence: Sequence;
  connections: Connections;
  /** Whether the bus can be relied on. */
  isWhole: () => boolean;
  /** A user is a member of a room that is not heard here: it must be, from `seq` on. */
  onMissedRoom: (room: string, seq: number, head: number) => void;
  /** A user is a member of a room that was delivered here past their joining, and does not hear it. */
  onMissedJoining: (user: string) => void;
  /** The log holds something that may be of a commit that was not answered: then the other nodes were not told of it. */
  onUntold: () => void;
  /** A session that has a connection here is over. */
  onSessionOver: (sessionId: string) => void;
  onError(error: unknown): void;
}

/**
 * Finds what the bus did not bring: compares with the store how far the rooms that are heard here go, which rooms the
 * people here are in, and whether their sessions still are. Seldom while the bus works; each second while it doesn't.
 */
export class Reconciliation {
  readonly #parts: ReconciliationParts;
  readonly #ticking: NodeJS.Timeout;
  readonly #gathered = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;
  #headsAt = performance.now();
  #peopleAt = performance.now();
  #membershipsAt = performance.now();
  #headsRun: Promise<void> | undefined;
  #peopleRun: Promise<void> | undefined;
  /** The store did not answer the last time: it is asked again soon. */
  #hasFailed = false;
  #doubtfulUntil = -Infinity;

  constructor(parts: ReconciliationParts) {
    this.#parts = parts;
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    this.#ticking.unref();
  }

  /** Compares everything at once: the bus was lost, or found again. */
  all(): void {
    this.#headsAt = -Infinity;
    this.#peopleAt = -Infinity;
    this.#membershipsAt = -Infinity;
    this.#tick();
  }

  /** Compares what is new, soon: another node could not tell all of it. */
  lately(): void {
    this.#headsAt = -Infinity;
    this.#peopleAt = -Infinity;
  }

  /** A commit was not answered. It may be there nevertheless, or come to be, and nobody was told what it holds. */
  doubt(): void {
    this.#doubtfulUntil = Infinity;
    this.lately();
  }

  /** Compares one room soon, together with others: it has just begun to be heard. */
  room(room: string): void {
    this.#gathered.add(room);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const rooms = [...this.#gathered];
      this.#gathered.clear();
      void this.#heads(rooms, 'now').catch((error: unknown) => {
        this.#hasFailed = true;
        this.#parts.onError(error);
      });
    }, GATHER_MS);
  }

  close(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#gathering);
  }

  #tick(): void {
    const now = performance.now();
    const isWhole = this.#parts.isWhole() && !this.#hasFailed && now > this.#doubtfulUntil;
    const mode = isWhole ? 'whole' : 'broken';
    if (!this.#headsRun && now - this.#headsAt >= HEADS_MS[mode]) {
      this.#headsAt = now;
      this.#headsRun = this.#guarded(this.#allHeads(isWhole ? 'soon' : 'now'));
      void this.#headsRun.then(() => (this.#headsRun = undefined));
    }
    if (!this.#peopleRun && now - this.#peopleAt >= PEOPLE_MS[mode]) {
      this.#peopleAt = now;
      this.#peopleRun = this.#guarded(this.#people());
      void this.#peopleRun.then(() => (this.#peopleRun = undefined));
    }
  }

  async #guarded(run: Promise<void>): Promise<void> {
    try {
      await run;
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      this.#parts.onError(error);
    }
  }

  async #allHeads(when: 'now' | 'soon'): Promise<void> {
    const hasNew = await this.#heads([...this.#parts.sequence.rooms], when);
    const now = performance.now();
    if (hasNew && now < this.#doubtfulUntil) this.#parts.onUntold();
    if (this.#doubtfulUntil === Infinity) this.#doubtfulUntil = now + DOUBT_MS;
  }

  /** Compares rooms; answers whether there was more in one than was delivered here. */
  async #heads(rooms: string[], when: 'now' | 'soon'): Promise<boolean> {
    const { sequence, store } = this.#parts;
    const delivered = new Map<string, number>();
    for (const room of rooms) {
      const seq = sequence.deliveredIn(room);
      if (seq !== undefined) delivered.set(room, seq);
    }
    if (delivered.size === 0) return false;
    const others = await headsOtherThan(store.read, delivered);
    for (const { room, head } of others) {
      if (head < (delivered.get(room) ?? 0)) sequence.cutTo(room, head);
      else sequence.reaches(room, head, when);
    }
    return others.length > 0;
  }

  async #people(): Promise<void> {
    const { clock, store } = this.#parts;
    const now = performance.now();
    if (now - this.#membershipsAt >= MEMBERSHIPS_MS) {
      this.#membershipsAt = now;
      try {
        await this.#allMemberships();
      } catch (error) {
        this.#membershipsAt = -Infinity;
        throw error;
      }
    } else this.#compare(await membershipsSince(store.read, clock.now() - LATELY_MS));
    await this.#sessions();
  }

  async #allMemberships(): Promise<void> {
    const { connections, store } = this.#parts;
    for (const users of chunksOf(connections.usersWithRooms())) {
      this.#compare(await membershipsOf(store.read, users));
      await nextTurn();
    }
  }

  #compare(memberships: readonly Membership[]): void {
    const { connections, sequence, onMissedJoining, onMissedRoom } = this.#parts;
    for (const { user, room, head, joinedSeq } of memberships) {
      // Who has just come reads their rooms.
      if (!connections.hasRooms(user) || connections.roomsOf(user).includes(room)) continue;
      const delivered = sequence.deliveredIn(room);
      if (delivered === undefined) onMissedRoom(room, joinedSeq - 1, head);
      // Before it, the room brings the joining itself, in its order.
      else if (delivered >= joinedSeq) onMissedJoining(user);
    }
  }

  async #sessions(): Promise<void> {
    const { connections, store, onSessionOver } = this.#parts;
    const sessions = new Set<string>();
    for (const { session } of connections.all) {
      // The operator has none.
      if (session && isPerson(session.user)) sessions.add(session.id);
    }
    for (const ids of chunksOf([...sessions])) {
      const there = await sessionsAmong(store.read, ids);
      for (const id of ids) if (!there.has(id)) onSessionOver(id);
      await nextTurn();
    }
  }
}

function* chunksOf(values: readonly string[]): Iterable<string[]> {
  for (let start = 0; start < values.length; start += CHUNK) yield values.slice(start, start + CHUNK);
}
