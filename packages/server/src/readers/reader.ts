import { type LoggedEvent, MadangError } from '@madang/protocol';
import type { CompiledQuery } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import type { CommittedBatch } from '../log/committed.js';
import { loggedEvent } from '../log/event-record.js';
import type { Logger } from '../logger.js';
import { advanceCursor, lagOf, type ReadRoom, readRooms, sweepRooms } from '../store/queries/readers.js';
import type { Store } from '../store/store.js';
import { underLease } from './lease.js';
import { paced } from './pace.js';

/** How long commits gather before a reader looks at their rooms, in ms: many are then one transaction. */
const GATHER_MS = 200;

/** How long a process waits before it asks for the lease again, or tries again what failed, in ms. */
const RETRY_MS = 1000;

/** A sweep of all rooms is followed by a pause of so many times as long as its own statements took. */
const SWEEP_REST = 50;

/** Rooms that a sweep looks at in one statement. */
const SWEPT_ROOMS = 500;

/** What one transaction holds at most. */
const MAX_EVENTS = 500;
const MAX_ROOMS = 50;

/** A log start that was raised further than this above what was read is obeyed in steps, in seqs. */
const STEP = 10_000;

/** How long a figure of the lag counts as new, in ms. */
const LAG_FRESH_MS = 10_000;

/** A piece of one room's log. */
export interface LogPage {
  room: string;
  /** The reader has never been in this room, or is to read it again: what it has written of it is void. */
  isFirst: boolean;
  /** In seq order, without a gap, and each once in what is committed. A message's text is that of now. Perhaps none. */
  events: readonly LoggedEvent[];
  /** Up to this seq the log is no longer kept; 0 while all of it is. What was written of that goes. */
  logStart: number;
}

/** What one reader makes of the log. */
export interface LogHandler {
  /** Names the cursor and the lease. Another name reads all rooms from their beginning. */
  readonly name: string;
  /**
   * The statements that write what the page brings; they commit together with the cursor. It may be asked for the same page
   * again, when that failed. What it throws stops the reader in this room, until the next sweep.
   */
  handle(page: LogPage): readonly CompiledQuery[];
}

/** What a reader needs. */
export interface ReaderParts {
  store: Store;
  logger: Logger;
  handler: LogHandler;
  /** The least time between two sweeps in ms: a sweep finds what other nodes committed, and what was missed. */
  sweepMs: number;
}

/**
 * A reader of all rooms' logs, with a durable cursor in each. One process at a time runs it, under the lease of its name.
 * Commits of this process wake it; a sweep finds every other room whose head is beyond its cursor. It moves a cursor only from
 * where it has found it, in the transaction that holds what the handler writes: so every event has its effect once, whatever
 * becomes of the process, or of two that both believe to hold the lease.
 */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #ending = new AbortController();
  /** Rooms that have moved since they were looked at; kept while this process holds the lease. */
  #moved = new Set<string>();
  #isHolder = false;
  #wake = (): void => undefined;
  #running: Promise<void> | undefined;
  #lag: { events: Promise<number>; until: number } | undefined;
  /** Rooms in which the handler fails, of which the log has been told. */
  readonly #failing = new Set<string>();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.handler.name;
  }

  /** Begins; nobody waits for it. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Hears what was committed here. */
  committed(batch: CommittedBatch): void {
    if (!this.#isHolder) return;
    for (const { room } of batch) this.#moved.add(room);
    this.#wake();
  }

  /** How many events it has still to handle, on whatever node it runs; at most {@link LAG_FRESH_MS} old. */
  lag(): Promise<number> {
    if (!this.#lag || performance.now() > this.#lag.until) {
      this.#lag = { events: lagOf(this.#parts.store.read, this.name), until: performance.now() + LAG_FRESH_MS };
    }
    return this.#lag.events;
  }

  /** Ends it after the statement that is under way. Safe to call twice. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, logger } = this.#parts;
    const { signal } = this.#ending;
    let isTold = false;
    while (!signal.aborted) {
      try {
        await underLease({ store, name: `reader:${this.name}`, signal }, (held) => this.#follow(held));
        isTold = false;
      } catch (error) {
        // The store reports itself that it is unavailable.
        const isKnown = isTold || signal.aborted || (error instanceof MadangError && error.code === 'unavailable');
        if (!isKnown) {
          logger.warn({ reader: this.name, reason: messageOf(error) }, 'a reader of the log fails; it tries again');
          isTold = true;
        }
      }
      await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Reads what there is and what comes, for as long as the lease is held. */
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
      this.#moved.clear();
    }
  }

  /** Looks at all rooms, and reads those that have moved. Answers how long the looking took, in ms. */
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
      await this.#readAll(rooms, signal);
      after = rooms.at(-1)?.id;
    }
    return tookMs;
  }

  /** Reads rooms that commits of this process have moved, until the next sweep is due. */
  async #followMoved(signal: AbortSignal, until: number): Promise<void> {
    while (performance.now() < until) {
      if (this.#moved.size === 0) await this.#untilWoken(signal, until - performance.now());
      await sleep(GATHER_MS, undefined, { signal, ref: false });
      const moved = [...this.#moved];
      this.#moved = new Set();
      for (let start = 0; start < moved.length; start += SWEPT_ROOMS) {
        const ids = moved.slice(start, start + SWEPT_ROOMS);
        await this.#readAll(await paced(signal, () => readRooms(this.#parts.store.read, this.name, ids)), signal);
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

  /** Reads rooms to their heads, several in one transaction; a long one goes on behind the others. */
  async #readAll(rooms: readonly ReadRoom[], signal: AbortSignal): Promise<void> {
    let waiting = rooms.filter(hasNews);
    while (waiting.length > 0) {
      const later: ReadRoom[] = [];
      for (let at = 0; at < waiting.length;) {
        at += await paced(signal, async () => {
          const { taken, rest } = await this.#readSome(waiting.slice(at, at + MAX_ROOMS));
          later.push(...rest);
          return taken;
        });
      }
      waiting = later;
    }
  }

  /** One transaction: a page of each of the first rooms. Answers how many rooms that were, and those that go on. */
  async #readSome(rooms: readonly ReadRoom[]): Promise<{ taken: number; rest: ReadRoom[] }> {
    const { store, handler } = this.#parts;
    const rest: ReadRoom[] = [];
    const guards: CompiledQuery[] = [];
    const work: CompiledQuery[] = [];
    let taken = 0;
    for (let left = MAX_EVENTS; taken < rooms.length && left > 0; taken += 1) {
      const room = rooms[taken] as ReadRoom;
      const page = await this.#pageOf(room, left);
      left -= page.events.length;
      const place = { seq: page.end, logStart: page.logStart };
      // What was to be read is gone: the log start was raised, as the next look finds.
      if (place.seq === (room.cursor ?? 0) && place.logStart === room.obeyed) continue;
      const written = this.#handle(page);
      if (!written) continue;
      guards.push(advanceCursor(store.write, handler.name, room, place));
      work.push(...written);
      const next = { ...room, cursor: place.seq, obeyed: place.logStart };
      if (hasNews(next)) rest.push(next);
    }
    if (guards.length === 0 || (await store.transact({ guards, work }))) return { taken, rest };
    throw new Error('somebody else moves its cursors');
  }

  async #pageOf(room: ReadRoom, limit: number): Promise<LogPage & { end: number }> {
    const cursor = room.cursor ?? 0;
    const isFirst = cursor === 0;
    const isFarAbove = !isFirst && Math.min(cursor, room.logStart) - room.obeyed > STEP;
    const logStart = isFarAbove ? room.obeyed + STEP : room.logStart;
    const after = Math.max(cursor, room.logStart);
    const records = room.head > after ? await this.#parts.store.events(room.id, after, limit) : [];
    // Without a gap: the log start may have been raised meanwhile, which the next look finds.
    const whole = records.filter(({ seq }, index) => seq === after + 1 + index);
    return { room: room.id, isFirst, events: whole.map(loggedEvent), logStart, end: whole.at(-1)?.seq ?? after };
  }

  #handle(page: LogPage): readonly CompiledQuery[] | undefined {
    try {
      const written = this.#parts.handler.handle(page);
      this.#failing.delete(page.room);
      return written;
    } catch (error) {
      if (!this.#failing.has(page.room)) {
        const reason = messageOf(error);
        this.#parts.logger.error({ reader: this.name, room: page.room, reason }, 'a reader of the log stands still');
      }
      this.#failing.add(page.room);
      return undefined;
    }
  }
}

function hasNews({ head, cursor, logStart, obeyed }: ReadRoom): boolean {
  return head > (cursor ?? 0) || logStart > obeyed;
}
