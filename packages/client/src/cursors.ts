import { fail, type LoggedEvent } from '@madang/protocol';

/**
 * How far a client's listeners have received each room: plain JSON, to be saved and passed to another client's
 * `resume`.
 */
export interface Cursors {
  /** The name of the server's unbroken history; seqs of another one mean nothing. */
  epoch: string;
  /** By room: all events up to this seq have been delivered. */
  rooms: Record<string, number>;
}

/** Some events of a room will not be delivered. Those after `after` will be. */
export interface CursorReset {
  type: 'cursor.reset';
  room: string;
  /**
   * `history`: the server has another history, as after a restored backup, and earlier events may not be part of it.
   * `retention`: some of the missed events are no longer kept.
   */
  reason: 'history' | 'retention';
  /** Events continue after this seq. */
  after: number;
}

/**
 * Validates cursors from outside the program. Throws `invalid_input` if they are not in the form that `cursors()`
 * returns.
 */
export function readCursors(value: unknown): Cursors {
  const { epoch, rooms } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Cursors>;
  if (typeof epoch !== 'string' || epoch === '') fail('invalid_input', 'resume: epoch must be a string');
  if (typeof rooms !== 'object' || rooms === null) fail('invalid_input', 'resume: rooms must be an object');
  for (const [room, seq] of Object.entries(rooms)) {
    if (!Number.isSafeInteger(seq) || seq < 0) fail('invalid_input', `resume: the seq of ${room} must be 0 or more`);
  }
  return { epoch, rooms };
}

/** The most events to hold above a gap; any beyond are read from the log anyway. */
const MAX_HELD = 256;

/** How far one room's events have been applied. Puts them into seq order, each once. */
export class Cursor {
  #applied: number;
  #known: number;
  readonly #held = new Map<number, LoggedEvent>();

  /** `applied` is the last seq that counts as seen. */
  constructor(applied: number) {
    this.#applied = applied;
    this.#known = applied;
  }

  /** All up to this seq have been applied. */
  get applied(): number {
    return this.#applied;
  }

  /** The highest known seq. */
  get known(): number {
    return this.#known;
  }

  /** How many events are known to be missing or held. */
  get behind(): number {
    return this.#known - this.#applied;
  }

  /** The room's log reaches at least this seq. */
  note(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  /** Takes an event; {@link next} then returns those that are in order. Drops events that were already applied. */
  offer(event: LoggedEvent): void {
    this.note(event.seq);
    const isNext = event.seq === this.#applied + 1;
    if (event.seq > this.#applied && (isNext || this.#held.size < MAX_HELD)) this.#held.set(event.seq, event);
  }

  /** Removes and returns the next event in order, which counts as applied from now on. */
  next(): LoggedEvent | undefined {
    const event = this.#held.get(this.#applied + 1);
    if (!event) return undefined;
    this.#held.delete(event.seq);
    this.#applied = event.seq;
    return event;
  }

  /** Skips everything up to this seq without applying it. */
  skipTo(seq: number): void {
    if (seq <= this.#applied) return;
    this.#applied = seq;
    this.note(seq);
    for (const held of this.#held.keys()) if (held <= seq) this.#held.delete(held);
  }
}
