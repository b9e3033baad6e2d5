/** The time, so that tests can move it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * How far a stored time may be ahead of the clock, in ms. One further ahead was stored while the clock, or another
 * node's, was wrong, and no longer counts.
 */
export const MAX_LEAD_MS = 60_000;

/** How long a clock that has jumped must stay there before it is used for anything irreversible, in ms. */
export const PATIENCE_MS = 3600_000;

/**
 * A clock for deciding what has expired, since what is removed or ended does not come back. If the machine's clock
 * jumps ahead, this one goes on as before for an hour, and only then follows. If it jumps back, this one follows at
 * once.
 */
export class PatientClock implements Clock {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  /** The offset from the monotonic time. */
  #offset: number;
  #aheadSince: number | undefined;

  /**
   * `lastKnown`: a time known to be past. If the machine's clock is ahead of it, it may have jumped before the start.
   */
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

/** Detects when a clock jumps. */
export class JumpWatch {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  #offset: number;

  constructor(clock: Clock, monotonic = () => performance.now()) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#offset = clock.now() - monotonic();
  }

  /** Whether the clock has jumped, beyond what is corrected silently, since the last call. */
  hasJumped(): boolean {
    const offset = this.#clock.now() - this.#monotonic();
    const hasJumped = Math.abs(offset - this.#offset) > MAX_LEAD_MS;
    this.#offset = offset;
    return hasJumped;
  }
}
