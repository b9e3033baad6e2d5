/** Waits between attempts: each is twice the one before, from the first to the longest. */
export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #spread: number;
  #attempt = 0;

  /** `spread`: by which part of itself a wait may be shorter or longer, so that not all try at once. None if absent. */
  constructor({ minMs, maxMs, spread = 0 }: { minMs: number; maxMs: number; spread?: number }) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#spread = spread;
  }

  /** How many waits there were since the last success. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next wait, in ms. */
  next(): number {
    const waitMs = Math.min(this.#minMs * 2 ** Math.min(this.#attempt, 30), this.#maxMs);
    this.#attempt += 1;
    return waitMs * (1 + this.#spread * (2 * Math.random() - 1));
  }

  /** After a success: the next wait is the first again. */
  reset(): void {
    this.#attempt = 0;
  }
}
