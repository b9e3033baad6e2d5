import { MadangError } from '@madang/protocol';
import type { CompiledQuery } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import type { CommittedBatch, CommittedEvent } from '../log/committed.js';
import { committedEvent, type NamedEvent } from '../log/event-record.js';
import { atMostEvery, type Logger } from '../logger.js';
import { advanceCursor, lagOf, type ReadRoom, readRooms, sweepRooms } from '../store/queries/readers.js';
import type { Store } from '../store/store.js';
import { wheneverLeased } from './lease.js';
import { paced } from './pace.js';
import { LOG_EVERY_MS, StuckRooms } from './stuck-rooms.js';

/** How long a reader collects commits before it reads their rooms, in ms: one transaction then covers many. */
const GATHER_MS = 1000;

/** The pause after a sweep of all rooms, as a multiple of the time its statements took. */
const SWEEP_REST = 50;

/** Rooms that a sweep reads per statement. */
const SWEPT_ROOMS = 500;

/** The most events and rooms in one transaction. */
const MAX_EVENTS = 2000;
const MAX_ROOMS = 50;

/** The most events of this process to keep for the reader, in all rooms. Beyond that it reads them from the store. */
const MAX_RECENT = 10_000;

/** A log start that rose by more than this is followed in steps of this many seqs. */
const STEP = 10_000;

/** How long a measured lag stays valid, in ms. */
const LAG_FRESH_MS = 10_000;

/** What a handler keeps of an event. */
export interface LogItem {
  seq: number;
}

/** Events in a row that this process has committed in a room, as the handler keeps them. */
interface RecentRun<Item> {
  first: number;
  last: number;
  items: Item[];
}

/** By room. Without a run: the room has moved, and its events are to be read from the store. */
type Recent<Item> = Map<string, RecentRun<Item> | undefined>;

/** A page of one room's log. */
export interface LogPage<Item> {
  room: string;
  /** The reader is new to this room, or reads it again from the start: its rows for the room are void. */
  isFirst: boolean;
  /** Of the page's events what {@link LogHandler.take} took, in seq order; each takes effect once. May be empty. */
  items: readonly Item[];
  /** The last seq of the page. */
  end: number;
  /** If the log start rose since the page before: rows for events up to this seq are to be removed. Else 0. */
  logStart: number;
}

/** What a reader does with the log. */
export interface LogHandler<Item extends LogItem> {
  /** The name of the cursors and the lease. A new name starts from the beginning of every room. */
  readonly name: string;
  /**
   * Picks what it needs from an event; undefined if that is nothing. Called for every event in seq order, without a gap. A message
   * has its text of then or of now. Events of this process come while they are delivered, so this must be quick, and keep
   * little: what it returns stays in memory until the next transaction.
   */
  take(event: NamedEvent): Item | undefined;
  /**
   * Returns the statements that write the reader's rows; they commit together with the cursor. If that fails, it is called
   * again, with the same items or fewer. If it or {@link take} throws, or one of its statements always fails, the reader is
   * stuck at that event of the room: it tries again with back-off, and reads the other rooms meanwhile.
   */
  handle(page: LogPage<Item>): readonly CompiledQuery[];
}

/** The dependencies of a reader. */
export interface ReaderParts<Item extends LogItem> {
  store: Store;
  logger: Logger;
  handler: LogHandler<Item>;
  /** Least time between two sweeps, in ms. A sweep finds other nodes' commits, and whatever was missed. */
  sweepMs: number;
}

/**
 * Reads the logs of all rooms, with a durable cursor in each. One process at a time runs it, under the lease of its name.
 * Commits of this process wake it; a sweep finds every other room whose head is beyond its cursor. It advances a cursor by
 * compare-and-set, in the transaction that contains the handler's rows. So every event takes effect once, even if the
 * process dies or two processes both believe they hold the lease.
 */
export class Reader<Item extends LogItem> {
  readonly #parts: ReaderParts<Item>;
  readonly #ending = new AbortController();
  /** New commits by room since it was last read; kept only while this process holds the lease. */
  #recent: Recent<Item> = new Map();
  #recentCount = 0;
  /** Those that it is reading. */
  #inHand: Recent<Item> = new Map();
  #isHolder = false;
  #wake = (): void => undefined;
  #running: Promise<void> | undefined;
  #lag: { events: Promise<number>; until: number } | undefined;
  readonly #stuck: StuckRooms;

  constructor(parts: ReaderParts<Item>) {
    this.#parts = parts;
    this.#stuck = new StuckRooms(parts.handler.name, parts.logger);
  }

  get name(): string {
    return this.#parts.handler.name;
  }

  /** In how many rooms it is stuck at an event; 0 in a process that does not run it. */
  get stuckRooms(): number {
    return this.#stuck.count;
  }

  /** Starts reading in the background. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Takes a commit of this process. */
  committed(batch: CommittedBatch): void {
    if (!this.#isHolder) return;
    for (const event of batch) this.#keep(event);
    this.#recentCount += batch.length;
    if (this.#recentCount > MAX_RECENT) this.#dropRecent();
    this.#wake();
  }

  /** Another history has begun: the events of before are not in it. */
  forget(): void {
    this.#recent.clear();
    this.#recentCount = 0;
    this.#inHand.clear();
  }

  /** How many events are still unread, whichever node runs the reader; up to {@link LAG_FRESH_MS} old. */
  lag(): Promise<number> {
    if (!this.#lag || performance.now() > this.#lag.until) {
      this.#lag = { events: lagOf(this.#parts.store.read, this.name), until: performance.now() + LAG_FRESH_MS };
    }
    return this.#lag.events;
  }

  /** Stops after the current statement. May be called twice. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  #run(): Promise<void> {
    const { store, logger } = this.#parts;
    const mayLog = atMostEvery(LOG_EVERY_MS);
    const work = { store, name: `reader:${this.name}`, signal: this.#ending.signal };
    return wheneverLeased(
      work,
      (held) => this.#follow(held),
      (error) => {
        // The store itself logs that it is unavailable.
        if (!isStoreGone(error) && mayLog())
          logger.warn({ reader: this.name, reason: messageOf(error) }, 'a reader of the log fails; it tries again');
      },
    );
  }

  /** Reads the backlog and then new events, for as long as the lease is held. */
  async #follow(signal: AbortSignal): Promise<void> {
    this.#isHolder = true;
    try {
      while (!signal.aborted) {
        const pauseMs = Math.max(this.#parts.sweepMs, SWEEP_REST * (await this.#sweep(signal)));
        await this.#followMoved(signal, performance.now() + pauseMs);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isHolder = false;
      this.#stuck.clear();
      this.forget();
    }
  }

  /** Checks all rooms and reads those with new events. Returns how long the checks took, in ms. */
  async #sweep(signal: AbortSignal): Promise<number> {
    let tookMs = 0;
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = { after, limit: SWEPT_ROOMS };
      const rooms: ReadRoom[] = await paced(signal, async () => {
        const start = performance.now();
        const found = await sweepRooms(this.#parts.store.read, this.name, page);
        tookMs += performance.now() - start;
        return found;
      });
      await this.#readAll(rooms, new Map(), signal);
      after = rooms.at(-1)?.id;
    }
    return tookMs;
  }

  /** Reads rooms with commits of this process, and those it was stuck in, until the next sweep is due. */
  async #followMoved(signal: AbortSignal, until: number): Promise<void> {
    while (performance.now() < until) {
      if (this.#recent.size === 0) {
        await this.#untilWoken(signal, Math.min(until, this.#stuck.nextAt) - performance.now());
      }
      await sleep(GATHER_MS, undefined, { signal, ref: false });
      const recent = this.#recent;
      this.#inHand = recent;
      this.#recent = new Map();
      this.#recentCount = 0;
      const moved = [...new Set([...recent.keys(), ...this.#stuck.due()])];
      for (let start = 0; start < moved.length; start += SWEPT_ROOMS) {
        const ids = moved.slice(start, start + SWEPT_ROOMS);
        const rooms = await paced(signal, () => readRooms(this.#parts.store.read, this.name, ids));
        await this.#readAll(rooms, recent, signal);
      }
    }
  }

  async #untilWoken(signal: AbortSignal, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms).unref();
      signal.addEventListener('abort', wake);
      this.#wake = wake;
    });
    signal.throwIfAborted();
  }

  /** Reads rooms up to their heads, several per transaction. A long one continues after the others. */
  async #readAll(rooms: readonly ReadRoom[], recent: Recent<Item>, signal: AbortSignal): Promise<void> {
    let waiting = rooms.filter((room) => hasNews(room) && !this.#stuck.isResting(room.id));
    while (waiting.length > 0) {
      const later: ReadRoom[] = [];
      for (let at = 0; at < waiting.length;) {
        const some = waiting.slice(at, at + MAX_ROOMS);
        try {
          const { taken, rest } = await paced(signal, () => this.#readSome(some, recent, MAX_EVENTS));
          later.push(...rest);
          at += taken;
        } catch (error) {
          if (signal.aborted || concernsAll(error)) throw error;
          for (const room of some) await this.#readAlone(room, recent, signal);
          at += some.length;
        }
      }
      waiting = later;
    }
  }

  /** Reads one room up to its head, or up to the event that fails: after a failure, with half as many events at a time. */
  async #readAlone(room: ReadRoom, recent: Recent<Item>, signal: AbortSignal): Promise<void> {
    let limit = MAX_EVENTS;
    for (let next: ReadRoom | undefined = room; next;) {
      const from: ReadRoom = next;
      try {
        next = (await paced(signal, () => this.#readSome([from], recent, limit))).rest[0];
      } catch (error) {
        if (signal.aborted || concernsAll(error)) throw error;
        if (limit === 1) return this.#stuck.failed(from.id, from.cursor ?? 0, error);
        limit = Math.floor(limit / 2);
      }
    }
  }

  /**
   * One transaction: a page of each of the first rooms, of at most `limit` events together. Returns how many rooms it covered,
   * and those with more to read.
   */
  async #readSome(
    rooms: readonly ReadRoom[],
    recent: Recent<Item>,
    limit: number,
  ): Promise<{ taken: number; rest: ReadRoom[] }> {
    const { store, handler } = this.#parts;
    const rest: ReadRoom[] = [];
    const guards: CompiledQuery[] = [];
    const work: CompiledQuery[] = [];
    let taken = 0;
    for (let left = limit; taken < rooms.length && left > 0; taken += 1) {
      const room = rooms[taken] as ReadRoom;
      const page = await this.#pageOf(room, left, recent);
      left -= page.end - Math.max(room.cursor ?? 0, room.logStart);
      const place = { seq: page.end, logStart: page.logStart };
      // Retention has just removed these events; the next check finds the new log start.
      if (place.seq === (room.cursor ?? 0) && place.logStart === room.obeyed) continue;
      const raisedTo = page.logStart > room.obeyed ? page.logStart : 0;
      work.push(...handler.handle({ ...page, logStart: raisedTo }));
      guards.push(advanceCursor(store.write, handler.name, room, place));
      const next = { ...room, cursor: place.seq, obeyed: place.logStart };
      if (hasNews(next)) rest.push(next);
    }
    if (guards.length > 0 && !(await store.transact({ guards, work }))) throw new Overtaken();
    for (const { id } of rooms.slice(0, taken)) this.#stuck.worked(id);
    return { taken, rest };
  }

  async #pageOf(room: ReadRoom, limit: number, recent: Recent<Item>): Promise<LogPage<Item>> {
    const cursor = room.cursor ?? 0;
    const isFirst = cursor === 0;
    const isFarAbove = !isFirst && Math.min(cursor, room.logStart) - room.obeyed > STEP;
    const logStart = isFarAbove ? room.obeyed + STEP : room.logStart;
    const after = Math.max(cursor, room.logStart);
    const found =
      room.head <= after
        ? { items: [], end: after }
        : (partOf(recent.get(room.id), after, limit) ?? (await this.#read(room.id, after, limit)));
    return { room: room.id, isFirst, ...found, logStart };
  }

  /** Reads events from the store, up to a gap: if retention removes some meanwhile, the next check finds the new log start. */
  async #read(room: string, after: number, limit: number): Promise<Pick<LogPage<Item>, 'items' | 'end'>> {
    const records = await this.#parts.store.events(room, after, limit);
    const gap = records.findIndex(({ seq }, index) => seq !== after + 1 + index);
    const events = records.slice(0, gap === -1 ? records.length : gap).map(committedEvent);
    return { items: events.flatMap((event) => this.#taken(event) ?? []), end: after + events.length };
  }

  /** Keeps what the handler needs of a new event. */
  #keep(event: CommittedEvent): void {
    const { room, seq } = event;
    let run = this.#recent.get(room);
    if (run?.last !== seq - 1) {
      run = { first: seq, last: seq, items: [] };
      this.#recent.set(room, run);
    }
    run.last = seq;
    try {
      const item = this.#taken(event);
      if (item) run.items.push(item);
    } catch {
      // It is read from the store instead, where its failure is dealt with.
      this.#recent.set(room, undefined);
    }
  }

  #taken(event: CommittedEvent): Item | undefined {
    return this.#parts.handler.take(event as NamedEvent);
  }

  /** Keeps the rooms, and lets their events be read from the store. */
  #dropRecent(): void {
    for (const room of this.#recent.keys()) this.#recent.set(room, undefined);
    this.#recentCount = 0;
  }
}

/** Another process has moved a cursor meanwhile. */
class Overtaken extends Error {
  override readonly message = 'another process moves its cursors';
}

/** Whether a failure has nothing to do with the room it came up in. */
function concernsAll(error: unknown): boolean {
  return error instanceof Overtaken || isStoreGone(error);
}

function isStoreGone(error: unknown): boolean {
  return error instanceof MadangError && error.code === 'unavailable';
}

/** The part of a run that follows a seq; undefined if the run does not have the next event. */
function partOf<Item extends LogItem>(
  run: RecentRun<Item> | undefined,
  after: number,
  limit: number,
): Pick<LogPage<Item>, 'items' | 'end'> | undefined {
  if (!run || run.first > after + 1 || run.last <= after) return undefined;
  const end = Math.min(run.last, after + limit);
  return { items: run.items.filter(({ seq }) => seq > after && seq <= end), end };
}

function hasNews({ head, cursor, logStart, obeyed }: ReadRoom): boolean {
  return head > (cursor ?? 0) || logStart > obeyed;
}
