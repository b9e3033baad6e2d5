import { BackOff } from '../back-off.js';
import type { CommittedBatch, CommittedEvent } from '../log/committed.js';

/**
 * How long a gap may stay open before the log is read, in ms. Events that two nodes commit at the same moment can
 * arrive out of order.
 */
const GAP_MS = 50;

/** The most events of a room to hold while one is missing. Any beyond that are read from the log later. */
const MAX_HELD = 256;

/** Events to read from the log at a time. */
const PAGE = 200;

/** The most rooms to read at once, so that recovery leaves the store free for sends. */
const MAX_READS = 4;

/** Delay before reading the log again after a failure, in ms: doubles from the first to the most. */
const RETRY = { minMs: 100, maxMs: 1000 };

/** How often the log may lack what is missing before that is accepted. */
const MAX_EMPTY_READS = 3;

/** Dependencies. */
export interface SequenceParts {
  /** A room's events after a seq, oldest first. */
  read(room: string, after: number, limit: number): Promise<CommittedEvent[]>;
  /** The seq up to which a room's log is no longer kept. */
  logStart(room: string): Promise<number>;
  /** Delivers a room's events: each once, in `seq` order, without a gap. */
  deliver(batch: CommittedBatch): void;
  /** A room's log doesn't continue: it was cut, or is another log. Delivery resumes at `head`. */
  onBroken(room: string, head: number): void;
  /** The log could not be read; there will be another attempt. */
  onError(error: unknown): void;
}

interface RoomState {
  /** Nothing up to here was delivered, or what was may belong to another log. */
  from: number;
  /** Everything up to here was delivered. */
  delivered: number;
  /** Everything up to here is known to be in the log. */
  wanted: number;
  held: Map<number, CommittedEvent>;
  waiting: NodeJS.Timeout | undefined;
  isReading: boolean;
  emptyReads: number;
  /** There while the log can't be read. */
  backOff: BackOff | undefined;
}

/**
 * Delivers events of the rooms followed here in `seq` order, whichever node committed them and however the bus brought
 * them. The next event is delivered at once and a repeat dropped; a later one is held until those in between arrive or
 * are read from the log. Keeps nothing of rooms that were not started.
 */
export class Sequence {
  readonly #parts: SequenceParts;
  readonly #rooms = new Map<string, RoomState>();
  readonly #due: [string, RoomState][] = [];
  #reads = 0;

  constructor(parts: SequenceParts) {
    this.#parts = parts;
  }

  /** The rooms that were started. */
  get rooms(): Iterable<string> {
    return this.#rooms.keys();
  }

  /** Delivers a room's events after `seq` from now on. Does nothing if the room was already started. */
  start(room: string, seq: number): void {
    if (this.#rooms.has(room)) return;
    this.#rooms.set(room, {
      from: seq,
      delivered: seq,
      wanted: seq,
      held: new Map(),
      waiting: undefined,
      isReading: false,
      emptyReads: 0,
      backOff: undefined,
    });
  }

  /** Forgets a room. */
  stop(room: string): void {
    clearTimeout(this.#rooms.get(room)?.waiting);
    this.#rooms.delete(room);
  }

  /** The seq up to which a room was delivered; undefined if it was not started. */
  deliveredIn(room: string): number | undefined {
    return this.#rooms.get(room)?.delivered;
  }

  /** The seq after which a room is delivered; undefined if it was not started. */
  startOf(room: string): number | undefined {
    return this.#rooms.get(room)?.from;
  }

  /** Takes events of one room, in any order, and repeats too. */
  offer(room: string, events: readonly CommittedEvent[]): void {
    const state = this.#rooms.get(room);
    if (!state) return;
    const ready = take(state, events);
    if (ready.length > 0) this.#parts.deliver(ready);
    this.#awaitGap(room, state, GAP_MS);
  }

  /** The log of a room is known to reach `head`. Reads missing events `now`, or if they don't arrive `soon`. */
  reaches(room: string, head: number, when: 'now' | 'soon'): void {
    const state = this.#rooms.get(room);
    if (!state || head <= state.delivered) return;
    state.wanted = Math.max(state.wanted, head);
    if (when === 'now') this.#readSoon(room, state);
    else this.#awaitGap(room, state, GAP_MS);
  }

  /** A room's log ends at `head`, before events already delivered: the database is an earlier one. */
  cutTo(room: string, head: number): void {
    const state = this.#rooms.get(room);
    if (state) this.#breakAt(room, state, head);
  }

  /** Forgets all rooms. */
  clear(): void {
    for (const room of [...this.#rooms.keys()]) this.stop(room);
  }

  #awaitGap(room: string, state: RoomState, ms: number): void {
    if (state.delivered >= state.wanted || state.waiting || state.isReading) return;
    state.waiting = setTimeout(() => {
      state.waiting = undefined;
      if (this.#isWanting(room, state)) this.#readSoon(room, state);
    }, ms);
    state.waiting.unref();
  }

  #readSoon(room: string, state: RoomState): void {
    if (state.isReading) return;
    clearTimeout(state.waiting);
    state.waiting = undefined;
    state.isReading = true;
    this.#due.push([room, state]);
    this.#readNext();
  }

  #readNext(): void {
    while (this.#reads < MAX_READS) {
      const next = this.#due.shift();
      if (!next) return;
      this.#reads += 1;
      void this.#fill(...next).finally(() => {
        this.#reads -= 1;
        this.#readNext();
      });
    }
  }

  async #fill(room: string, state: RoomState): Promise<void> {
    let again = GAP_MS;
    try {
      while (this.#isWanting(room, state)) {
        const events = await this.#parts.read(room, state.delivered, PAGE);
        // Nothing, or not the next event: retention may have removed it.
        const logStart = events[0]?.seq === state.delivered + 1 ? 0 : await this.#parts.logStart(room);
        if (!this.#isWanting(room, state)) break;
        state.backOff = undefined;
        if (logStart > state.delivered) this.#goOnAfter(room, state, logStart);
        if (!this.#fillFrom(room, state, events)) break;
      }
    } catch (error) {
      state.backOff ??= new BackOff(RETRY);
      again = state.backOff.next();
      this.#parts.onError(error);
    }
    state.isReading = false;
    if (this.#rooms.get(room) === state) this.#awaitGap(room, state, again);
  }

  /** Takes a page of the log. Returns false if it did not help. */
  #fillFrom(room: string, state: RoomState, events: readonly CommittedEvent[]): boolean {
    const [first] = events;
    if (first && first.seq > state.delivered + 1) this.#goOnAfter(room, state, first.seq - 1);
    const ready = take(state, events);
    if (ready.length > 0) {
      state.emptyReads = 0;
      this.#parts.deliver(ready);
      return true;
    }
    state.emptyReads += 1;
    if (state.emptyReads >= MAX_EMPTY_READS) this.#breakAt(room, state, state.delivered);
    return false;
  }

  /** Skips what the log does not have, and tells the room's connections. */
  #goOnAfter(room: string, state: RoomState, seq: number): void {
    const wanted = Math.max(state.wanted, seq);
    this.#breakAt(room, state, seq);
    state.wanted = wanted;
  }

  #breakAt(room: string, state: RoomState, head: number): void {
    state.from = head;
    state.delivered = head;
    state.wanted = head;
    state.held.clear();
    state.emptyReads = 0;
    this.#parts.onBroken(room, head);
  }

  #isWanting(room: string, state: RoomState): boolean {
    return this.#rooms.get(room) === state && state.delivered < state.wanted;
  }
}

/** The events that can be delivered; the rest are held or dropped. */
function take(state: RoomState, events: readonly CommittedEvent[]): CommittedEvent[] {
  const ready: CommittedEvent[] = [];
  for (const event of events) {
    if (event.seq > state.wanted) state.wanted = event.seq;
    if (event.seq > state.delivered + 1) {
      if (state.held.size < MAX_HELD) state.held.set(event.seq, event);
    } else if (event.seq === state.delivered + 1) {
      ready.push(event);
      state.held.delete(event.seq);
      state.delivered = event.seq;
      if (state.held.size > 0) takeHeld(state, ready);
    }
  }
  return ready;
}

function takeHeld(state: RoomState, ready: CommittedEvent[]): void {
  for (let next = state.held.get(state.delivered + 1); next; next = state.held.get(state.delivered + 1)) {
    ready.push(next);
    state.held.delete(next.seq);
    state.delivered = next.seq;
  }
}
