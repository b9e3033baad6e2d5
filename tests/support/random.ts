import { randomInt } from 'node:crypto';

/** Pseudo-random numbers that can be reproduced: a test prints its seed, and `MADANG_SEED=` repeats the run. */
export class Random {
  /** To be shown when a test fails. */
  readonly seed: string;
  #state: number;

  constructor(seed: number) {
    this.seed = `MADANG_SEED=${seed}`;
    this.#state = seed >>> 0;
  }

  /** Takes the seed from the environment, or a new one. */
  static fromEnvironment(): Random {
    return new Random(Number(process.env['MADANG_SEED'] ?? randomInt(2 ** 31)));
  }

  /** A whole number from 0 to `limit - 1` (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}
