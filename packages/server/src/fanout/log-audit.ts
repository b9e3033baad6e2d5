import { headsOf, membershipsOf, sessionsAmong } from '../store/queries/audit.js';
import type { Store } from '../store/store.js';
import type { Connections } from './connections.js';
import type { Sequence } from './sequence.js';

/** How often rooms' heads are compared with the store, in ms: while the bus is whole, and while it is not. */
const HEADS_MS = { whole: 10_000, broken: 1000 };

/** How often memberships and sessions of those who are here are compared, likewise. */
const PEOPLE_MS = { whole: 60_000, broken: 4000 };

/** How long ends are gathered before they are looked up together, in ms. */
const GATHER_MS = 5;

/** How often this looks whether something is due, in ms. */
const TICK_MS = 250;

/** What an audit needs. */
export interface LogAuditParts {
  store: Store;
  sequence: Sequence;
  connections: Connections;
  /** Whether the bus can be relied on. */
  isWhole: () => boolean;
  /** A user is a member of a room that is not heard here: it must be, from `seq` on. */
  onMissedRoom(room: string, seq: number, head: number): void;
  /** A session that has a connection here is over. */
  onSessionOver: (sessionId: string) => void;
  onError(error: unknown): void;
}

/**
 * Finds what the bus did not bring: compares with the store how far the rooms that are heard here go, which rooms the
 * people here are in, and whether their sessions still are. Seldom while the bus works; each second while it doesn't.
 */
export class LogAudit {
  readonly #parts: LogAuditParts;
  readonly #ticking: NodeJS.Timeout;
  readonly #gathered = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;
  #headsAt = performance.now();
  #peopleAt = performance.now();
  #headsRun: Promise<void> | undefined;
  #peopleRun: Promise<void> | undefined;
  /** The store did not answer the last time: it is asked again soon. */
  #hasFailed = false;

  constructor(parts: LogAuditParts) {
    this.#parts = parts;
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    this.#ticking.unref();
  }

  /** Compares everything at once: the bus was lost, or found again. */
  all(): void {
    this.#headsAt = -Infinity;
    this.#peopleAt = -Infinity;
    this.#tick();
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
    const mode = this.#parts.isWhole() && !this.#hasFailed ? 'whole' : 'broken';
    if (!this.#headsRun && now - this.#headsAt >= HEADS_MS[mode]) {
      this.#headsAt = now;
      this.#headsRun = this.#guarded(this.#heads([...this.#parts.sequence.rooms], mode === 'whole' ? 'soon' : 'now'));
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

  async #heads(rooms: string[], when: 'now' | 'soon'): Promise<void> {
    if (rooms.length === 0) return;
    const { sequence, store } = this.#parts;
    const before = new Map(rooms.map((room) => [room, sequence.deliveredIn(room)]));
    for (const [room, head] of await headsOf(store.read, rooms)) {
      if (head < (before.get(room) ?? 0)) sequence.cutTo(room, head);
      else sequence.reaches(room, head, when);
    }
  }

  async #people(): Promise<void> {
    await this.#memberships();
    await this.#sessions();
  }

  async #memberships(): Promise<void> {
    const { connections, sequence, store } = this.#parts;
    const users = connections.usersWithRooms();
    for (const { user, room, head, joinedSeq } of await membershipsOf(store.read, users)) {
      // A room that is heard here brings the joining itself, in its order.
      const isKnown = sequence.deliveredIn(room) !== undefined || connections.roomsOf(user).has(room);
      if (!isKnown && connections.ofUser(user).size > 0) this.#parts.onMissedRoom(room, joinedSeq - 1, head);
    }
  }

  async #sessions(): Promise<void> {
    const { connections, store, onSessionOver } = this.#parts;
    const sessions = new Set<string>();
    for (const { session } of connections.all) {
      // A host app's users have their sessions there.
      if (session && session.user.kind !== 'host') sessions.add(session.id);
    }
    const there = await sessionsAmong(store.read, [...sessions]);
    for (const id of sessions) if (!there.has(id)) onSessionOver(id);
  }
}
