import { fail, type LoggedEvent } from '@madang/protocol';
import { type Clock, MAX_LEAD_MS } from '../clock.js';
import { logStartOf } from '../store/queries/retention.js';
import { newestEventAt } from '../store/queries/rooms.js';
import type { Append, AppendResult, Store } from '../store/store.js';
import type { CommittedEvent, CommittedListener } from './committed.js';
import { committedEvent, type LogEntry, logEntry, newlyCommitted, textCharsOf, toldTo } from './event-record.js';
import { Tails } from './tail.js';
import { Writer } from './writer.js';

/** The approximate limit of text in a page of the log, in characters. */
const MAX_PAGE_CHARS = 128 * 1024;

/** The seq and time of an append's first event. */
export interface Appended {
  seq: number;
  at: number;
}

/** One read of a room's log. */
export interface LogPage {
  events: LoggedEvent[];
  head: number;
  more: boolean;
  reset?: boolean;
  /** The last seq that is no longer kept; absent while the whole log is. */
  logStart?: number;
}

/** Which part of a log to read, and for whom. */
export interface LogRequest {
  /** The user who reads. The author of a message receives its `clientId`. */
  reader: string;
  /** The cursor: the page begins with the next seq. */
  after: number;
  /** The most events in the page. */
  limit: number;
  /** The epoch of the cursor; the current one if absent. */
  epoch?: string | undefined;
}

/** Called when a cursor is ahead of its room's head. */
export type AheadListener = (room: string, cursor: number, head: number) => void;

/** A room's log as far as a reader may read it. */
export interface LogRange {
  room: string;
  head: number;
  /** The last seq that is no longer kept. */
  logStart: number;
}

/**
 * Rooms as append-only logs.
 *
 * - L1 An append that resolved is on disk; its events have their seq.
 * - L2 Listeners receive every committed event, in seq order for each room, before its append resolves.
 * - L3 Every event that listeners receive is on disk.
 */
export class RoomLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #writer: Writer;
  readonly #listeners: CommittedListener[] = [];
  readonly #tails = new Tails();
  #unanswered = (): void => undefined;
  #ahead: AheadListener = () => undefined;
  #lastAt: number;

  /** Opens a store's log. Its time continues from the newest event. */
  static async open(store: Store, clock: Clock): Promise<RoomLog> {
    return new RoomLog(store, clock, await newestEventAt(store.read));
  }

  private constructor(store: Store, clock: Clock, lastAt: number) {
    this.#store = store;
    this.#clock = clock;
    this.#lastAt = lastAt;
    this.#writer = new Writer(
      store,
      (appends, results) => this.#committed(appends, results),
      () => this.#unanswered(),
    );
  }

  /** The name of the log's unbroken history. */
  get epoch(): string {
    return this.#store.epoch;
  }

  /** The time of the newest event known here; 0 if there is none. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Calls the listener with every commit from now on. */
  onCommitted(listener: CommittedListener): void {
    this.#listeners.push(listener);
  }

  /** Calls the listener when a commit failed but may have happened: its events may be in the log, undelivered (S7). */
  onUnanswered(listener: () => void): void {
    this.#unanswered = listener;
  }

  /** Calls the listener when a client's cursor is ahead of a room's head. */
  onAhead(listener: AheadListener): void {
    this.#ahead = listener;
  }

  /**
   * Appends events. Resolves to `undefined` if there was nothing to change.
   * @throws MadangError `forbidden` if the guard is no longer a member, `unavailable` if it can't be stored.
   */
  async append({ room, actor, events, guard }: Omit<Append, 'at'>): Promise<Appended | undefined> {
    const at = this.#now();
    const result = await this.#writer.append({ room, actor, at, events, guard });
    if (result.status === 'appended') return { seq: result.seqs[0] ?? 0, at };
    if (result.status === 'refused') return fail('forbidden', 'You are not a member of this room');
    if (result.status === 'failed') throw new Error(`An append failed: ${result.reason}`);
    return undefined;
  }

  /**
   * The events after a cursor, up to `head`: the reader may have left the room since their access was checked. `reset` is
   * set if the cursor belongs to another history, is ahead of this one, or lies before the log start, where reading on
   * would leave a gap.
   */
  async readAfter(range: LogRange, { reader, after, limit, epoch }: LogRequest): Promise<LogPage> {
    const { room, head, logStart } = range;
    if (epoch === this.epoch) this.noteCursor(room, after, head);
    if ((epoch !== undefined && epoch !== this.epoch) || after > head || after < logStart)
      return resetPage(head, logStart);
    const wanted = Math.min(limit, head - after);
    const entries = wanted > 0 ? await this.#eventsAfter(room, head, after, wanted) : [];
    const events = entries.map((entry) => toldTo(reader, entry));
    const [first] = events;
    // Retention may have removed events since the range was read.
    if (wanted > 0 && first?.seq !== after + 1) return resetPage(head, await this.logStartOf(room));
    const last = events.at(-1)?.seq ?? after;
    return { events, head, more: last < head, ...(logStart > 0 && { logStart }) };
  }

  /** Checks a cursor of this epoch: one ahead of the head can only come from a lost history. */
  noteCursor(room: string, cursor: number, head: number): void {
    if (cursor > head) this.#ahead(room, cursor, head);
  }

  /** A room's current log start: the last seq that is no longer kept; 0 while the whole log is. */
  logStartOf(room: string): Promise<number> {
    return logStartOf(this.#store.read, room);
  }

  /** A room's events after a seq, oldest first, for delivery as if they had just been committed. */
  async readCommitted(room: string, after: number, limit: number): Promise<CommittedEvent[]> {
    return (await this.#store.events(room, after, limit)).map(committedEvent);
  }

  /** Clears what it keeps in memory: the store has another history. */
  forget(): void {
    this.#tails.clear();
  }

  /** Resolves once nothing is being written to disk any more. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  #committed(appends: readonly Append[], results: readonly AppendResult[]): void {
    const batch: CommittedEvent[] = [];
    for (const [index, append] of appends.entries()) addCommitted(batch, append, results[index]);
    if (batch.length === 0) return;
    this.#tails.follow(batch);
    for (const listener of this.#listeners) listener(batch);
  }

  async #eventsAfter(room: string, head: number, after: number, limit: number): Promise<LogEntry[]> {
    const kept = this.#tails.read(room, after, head, limit);
    if (kept) return withinBytes(kept);
    const entries = (await this.readCommitted(room, after, limit)).map(logEntry);
    if ((entries.at(-1)?.event.seq ?? 0) >= head) this.#tails.keep(room, entries);
    return withinBytes(entries);
  }

  /**
   * The time for new events. It doesn't go back when the clock is corrected by a little, so that a later event never has an
   * earlier time. If the newest event is further ahead, a clock was wrong, and the time goes back to now, once.
   */
  #now(): number {
    const now = this.#clock.now();
    this.#lastAt = this.#lastAt > now + MAX_LEAD_MS ? now : Math.max(this.#lastAt, now);
    return this.#lastAt;
  }
}

function resetPage(head: number, logStart: number): LogPage {
  return { events: [], head, more: false, reset: true, ...(logStart > 0 && { logStart }) };
}

function addCommitted(batch: CommittedEvent[], append: Append, result: AppendResult | undefined): void {
  if (result?.status !== 'appended') return;
  for (const [index, event] of append.events.entries()) {
    const seq = result.seqs[index] ?? 0;
    if (seq !== 0) batch.push(newlyCommitted(append, event, seq));
  }
}

/** Cuts a page that would be too large for one frame. At least one event stays. */
function withinBytes(entries: LogEntry[]): LogEntry[] {
  let chars = 0;
  const end = entries.findIndex(({ event }, index) => {
    chars += textCharsOf(event);
    return index > 0 && chars > MAX_PAGE_CHARS;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
