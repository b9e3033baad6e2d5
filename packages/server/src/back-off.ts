/** Waits between attempts. Each is twice as long as the one before, up to a maximum. */
export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #spread: number;
  #attempt = 0;

  /** `spread`: the fraction by which each wait varies at random, so that not everybody tries at once. Default 0. */
  constructor({ minMs, maxMs, spread = 0 }: { minMs: number; maxMs: number; spread?: number }) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#spread = spread;
  }

  /** The number of waits since the last success. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next wait, in ms. */
  next(): number {
    const waitMs = Math.min(this.#minMs * 2 ** Math.min(this.#attempt, 30), this.#maxMs);
    this.#attempt += 1;
    return waitMs * (1 + this.#spread * (2 * Math.random() - 1));
  }

  /** Call after a success: the next wait is the shortest again. */
  reset(): void {
    this.#attempt = 0;
  }
}
