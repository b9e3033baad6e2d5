/** The time, so that tests can move it. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * How far a stored time may lead the clock, in ms. One that leads by more was stored while the clock, or another node's,
 * was wrong, and counts no longer.
 */
export const MAX_LEAD_MS = 60_000;

/** How long a clock that has jumped must stay there, in ms, before what can't be taken back is done by it. */
export const PATIENCE_MS = 3600_000;

/**
 * A clock to tell by what is too old, since what is removed or ended for its age does not come back. Where the machine's
 * jumps ahead it goes on as before for an hour, and only then follows; where that one goes back, it does so at once.
 */
export class PatientClock implements Clock {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  /** What it adds to the time that no clock change moves. */
  #offset: number;
  #aheadSince: number | undefined;

  /** `lastKnown`: a time that is known to be over; ahead of it, the machine's clock may have jumped before the start. */
  constructor(clock: Clock, lastKnown = Infinity, monotonic = () => performance.now()) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#offset = Math.min(clock.now(), lastKnown) - monotonic();
  }

  now(): number {
    const since = this.#monotonic();
    const offset = this.#clock.now() - since;
    const isAhead = offset > this.#offset + MAX_LEAD_MS;
    if (isAhead) this.#aheadSince ??= since;
    if (!isAhead || since - (this.#aheadSince ?? since) >= PATIENCE_MS) {
      this.#offset = offset;
      this.#aheadSince = undefined;
    }
    return Math.round(since + this.#offset);
  }
}

/** Notices when a clock jumps. */
export class JumpWatch {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  #offset: number;

  constructor(clock: Clock, monotonic = () => performance.now()) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#offset = clock.now() - monotonic();
  }

  /** Whether the clock has jumped, by more than is made good silently, since this was asked last. */
  hasJumped(): boolean {
    const offset = this.#clock.now() - this.#monotonic();
    const hasJumped = Math.abs(offset - this.#offset) > MAX_LEAD_MS;
    this.#offset = offset;
    return hasJumped;
  }
}
