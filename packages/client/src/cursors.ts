import { fail, type LoggedEvent } from '@madang/protocol';

/** How far a client has told its listeners of each room: plain JSON, to be kept and given to another client's `resume`. */
export interface Cursors {
  /** The name of the server's unbroken history; seqs of another one mean nothing. */
  epoch: string;
  /** By room: all events up to this seq have been told. */
  rooms: Record<string, number>;
}

/** Events of a room that will not be told. The ones after it are, from `after` on. */
export interface CursorReset {
  type: 'cursor.reset';
  room: string;
  /**
   * `history`: the server's history is another one, as after a restored backup, and what was told before may be no part
   * of it. `retention`: part of what was missed is no longer kept.
   */
  reason: 'history' | 'retention';
  /** The seq after which events go on. */
  after: number;
}

/** Checks cursors that come from outside the program. Throws `invalid_input` when they are not what `cursors()` gives. */
export function readCursors(value: unknown): Cursors {
  const { epoch, rooms } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Cursors>;
  if (typeof epoch !== 'string' || epoch === '') fail('invalid_input', 'resume: epoch must be a string');
  if (typeof rooms !== 'object' || rooms === null) fail('invalid_input', 'resume: rooms must be an object');
  for (const [room, seq] of Object.entries(rooms)) {
    if (!Number.isSafeInteger(seq) || seq < 0) fail('invalid_input', `resume: the seq of ${room} must be 0 or more`);
  }
  return { epoch, rooms };
}

/** At most so many events are held above a gap; those past it are read from the log anyway. */
const MAX_HELD = 256;

/** How far one room's events have been applied. It puts them into seq order, each once. */
export class Cursor {
  #applied: number;
  #known: number;
  readonly #held = new Map<number, LoggedEvent>();

  /** `applied` is the seq of the last event that is taken for seen. */
  constructor(applied: number) {
    this.#applied = applied;
    this.#known = applied;
  }

  /** All up to this seq have been applied. */
  get applied(): number {
    return this.#applied;
  }

  /** The highest seq that was heard of. */
  get known(): number {
    return this.#known;
  }

  /** How many events are known to be missing or held. */
  get behind(): number {
    return this.#known - this.#applied;
  }

  /** Says that the room's log goes at least up to this seq. */
  note(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  /** Takes an event; {@link next} then gives what has come into order. An event that was applied is dropped. */
  offer(event: LoggedEvent): void {
    this.note(event.seq);
    const isNext = event.seq === this.#applied + 1;
    if (event.seq > this.#applied && (isNext || this.#held.size < MAX_HELD)) this.#held.set(event.seq, event);
  }

  /** Takes out the next event in order, which counts as applied from now on. */
  next(): LoggedEvent | undefined {
    const event = this.#held.get(this.#applied + 1);
    if (!event) return undefined;
    this.#held.delete(event.seq);
    this.#applied = event.seq;
    return event;
  }

  /** Passes over all up to this seq without applying it. */
  skipTo(seq: number): void {
    if (seq <= this.#applied) return;
    this.#applied = seq;
    this.note(seq);
    for (const held of this.#held.keys()) if (held <= seq) this.#held.delete(held);
  }
}
