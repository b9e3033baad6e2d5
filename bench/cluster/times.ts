/** How long things take, in ms, in one form of the run. */
export interface Times {
  warmUpMs: number;
  measuredMs: number;
  /** Longer than the grace after which who went is offline. */
  leavingMs: number;
  /** A whole minute in the full form: what nodes do once a minute is in it. */
  idleMs: number;
}

export const times = {
  full: { warmUpMs: 1500, measuredMs: 4000, leavingMs: 5500, idleMs: 60_000 },
  quick: { warmUpMs: 700, measuredMs: 1200, leavingMs: 5500, idleMs: 10_000 },
} satisfies Record<string, Times>;
