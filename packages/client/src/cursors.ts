import type { LoggedEvent } from '@madang/protocol';

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
