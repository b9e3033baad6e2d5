/** The time, so that tests can move it. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
