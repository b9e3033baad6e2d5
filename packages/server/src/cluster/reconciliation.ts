import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { isPerson } from '../identity/actor.js';
import {
  blockedRoomsAmong,
  headsOtherThan,
  type Membership,
  membershipsOf,
  membershipsSince,
  sessionsAmong,
} from '../store/queries/reconciliation.js';
import type { Store } from '../store/store.js';
import type { Connections } from '../fanout/connections.js';
import type { Sequence } from './sequence.js';

/**
 * Interval between comparisons of the rooms' heads with the store, in ms: while the bus is whole, and while it is not.
 */
const HEADS_MS = { whole: 10_000, broken: 1000 };

/** Interval between checks for new members, and for ended sessions of connected users, in ms. */
const PEOPLE_MS = { whole: 60_000, broken: 4000 };

/** What counts as new, in ms: the nodes' clocks differ. */
const LATELY_MS = 5 * 60_000;

/** Interval between comparisons of all memberships of the users here, in ms. */
const MEMBERSHIPS_MS = 15 * 60_000;

/**
 * How long a commit without an answer may still happen after the store is reachable again, in ms: the network may
 * deliver it late. Until then the log is checked as often as without a bus.
 */
const DOUBT_MS = 10_000;

/** How many users or sessions to look up at a time, so that the event loop is free in between. */
const CHUNK = 500;

/** How long heads to compare are collected before one lookup, in ms. */
const GATHER_MS = 5;

/** How often to check whether something is due, in ms. */
const TICK_MS = 250;

/** Dependencies. */
export interface ReconciliationParts {
  store: Store;
  clock: Clock;
  sequence: Sequence;
  connections: Connections;
  /** Whether the bus can be relied on. */
  isWhole: () => boolean;
  /** A local user is a member of a room that isn't followed here, but must be, from `seq` on. */
  onMissedRoom: (room: string, seq: number, head: number) => void;
  /** A local user is a member of a room that was delivered here past their join, but they don't receive it. */
  onMissedJoining: (user: string) => void;
  /** The log holds events that may come from a commit without an answer; the other nodes were not told of them. */
  onUntold: () => void;
  /** A direct room of a local user is blocked, or no longer, and nobody has said so here. */
  onMissedBlock: (room: string, isBlocked: boolean) => void;
  /** A session with a local connection has ended. */
  onSessionOver: (sessionId: string) => void;
  onError(error: unknown): void;
}

/**
 * Finds what the bus did not bring. Compares with the store: the heads of the rooms followed here, the memberships of
 * the local users, and whether their sessions still exist. Rarely while the bus works, every second while it doesn't.
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
  /** The last read of the store failed: it is repeated soon. */
  #hasFailed = false;
  /** What the nodes tell each other besides the log may have been lost. */
  #isSignalMissed = false;
  #doubtfulUntil = -Infinity;

  constructor(parts: ReconciliationParts) {
    this.#parts = parts;
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    this.#ticking.unref();
  }

  /** Compares everything at once: the bus was lost or found again. */
  all(): void {
    this.#headsAt = -Infinity;
    this.#peopleAt = -Infinity;
    this.#membershipsAt = -Infinity;
    this.#isSignalMissed = true;
    this.#tick();
  }

  /** Compares recent changes soon: another node could not send all of them. */
  lately(): void {
    this.#headsAt = -Infinity;
    this.#peopleAt = -Infinity;
    this.#isSignalMissed = true;
  }

  /** A commit was not answered. It may have happened, or still happen, and nobody knows of its events. */
  doubt(): void {
    this.#doubtfulUntil = Infinity;
    this.lately();
  }

  /** Compares one room soon, together with others: it has only just been followed. */
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
      this.#isSignalMissed ||= !isWhole;
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

  /** Compares rooms. Returns whether one had more events than were delivered here. */
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
    if (this.#isSignalMissed) await this.#blocks();
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
      // A user who has only just connected is still reading their rooms.
      if (!connections.hasRooms(user) || connections.roomsOf(user).includes(room)) continue;
      const delivered = sequence.deliveredIn(room);
      if (delivered === undefined) onMissedRoom(room, joinedSeq - 1, head);
      // Before that, the room delivers the join itself, in order.
      else if (delivered >= joinedSeq) onMissedJoining(user);
    }
  }

  /** Which direct rooms are blocked no event says, only a signal. */
  async #blocks(): Promise<void> {
    const { connections, store, onMissedBlock } = this.#parts;
    const changes = connections.quietChanges;
    const blocked = new Set<string>();
    for (const users of chunksOf(connections.usersWithRooms())) {
      for (const room of await blockedRoomsAmong(store.read, users)) blocked.add(room);
      await nextTurn();
    }
    // Compared again in a moment, unless nothing has been set meanwhile.
    if (changes !== connections.quietChanges) return;
    this.#isSignalMissed = false;
    for (const room of connections.quietRooms) if (!blocked.has(room)) onMissedBlock(room, false);
    for (const room of blocked) if (!connections.isQuiet(room)) onMissedBlock(room, true);
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
