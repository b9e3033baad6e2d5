import { fail } from '@madang/protocol';

/** How long to wait between attempts. */
export interface BackOffOptions {
  /** The first wait is at most this long, in ms; each further limit is double the one before. Default 500. */
  minMs?: number;
  /** The longest wait, in ms. Default 20000. */
  maxMs?: number;
}

/**
 * Growing waits with full jitter: each is random between zero and its limit, so that the clients of a restarting server
 * don't all reconnect at once.
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

  /** How many waits there have been since the last success. */
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
