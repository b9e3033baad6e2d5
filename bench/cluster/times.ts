/** Durations in one form of the run, in ms. */
export interface Times {
  warmUpMs: number;
  measuredMs: number;
  /** Longer than the time after which a disconnected user is offline. */
  leavingMs: number;
  /** A whole minute in the full form, so that it includes what nodes do once a minute. */
  idleMs: number;
}

export const times = {
  full: { warmUpMs: 1500, measuredMs: 4000, leavingMs: 5500, idleMs: 60_000 },
  quick: { warmUpMs: 700, measuredMs: 1200, leavingMs: 5500, idleMs: 10_000 },
} satisfies Record<string, Times>;
