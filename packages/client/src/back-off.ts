import { fail } from '@madang/protocol';

/** How long to wait between attempts. */
export interface BackOffOptions {
  /** The first wait is at most this long, in ms; each further one doubles it. Default 500. */
  minMs?: number;
  /** No wait is longer, in ms. Default 20000. */
  maxMs?: number;
}

/**
 * Waits that grow, with full jitter: each is random between nothing and the bound, so that the clients of a server that
 * restarts don't come back all at once.
 */
export class BackOff {
  readonly #minMs: number;
  readonly maxMs: number;
  #attempt = 0;

  /** Throws `invalid_input` unless 0 < minMs <= maxMs. */
  constructor({ minMs = 500, maxMs = 20_000 }: BackOffOptions = {}) {
    if (!(minMs > 0 && maxMs >= minMs)) fail('invalid_input', 'backOff: needs 0 < minMs <= maxMs');
    this.#minMs = minMs;
    this.maxMs = maxMs;
  }

  /** How many waits there were since the last success. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next wait, in ms. */
  next(): number {
    const bound = Math.min(this.maxMs, this.#minMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return Math.random() * bound;
  }

  /** After a success: the next wait is short again. */
  reset(): void {
    this.#attempt = 0;
  }
}
