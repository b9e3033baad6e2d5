import type { Client } from 'pg';
import type { Clock } from '../../clock.js';

/** What the database's clock shows, in ms since the epoch. */
export const DATABASE_TIME = `(extract(epoch FROM clock_timestamp()) * 1000)::float8`;

/** How far two clocks may come apart from one reading to the next, in ms: 500 ppm of 2 s, as clocks are put right. */
const DRIFT_MS = 1;

/**
 * The time by the database's clock, which all nodes share. A node's own may be wrong by years: what it stored would be
 * over for the others at once, or never.
 */
export class DatabaseClock implements Clock {
  /** Between these lies what is added to `performance.now()`, which no change of this machine's clock moves. */
  #least = -Infinity;
  #most = Infinity;

  /** Asks for the time. */
  static async read(client: Client): Promise<DatabaseClock> {
    const clock = new DatabaseClock();
    const askedAt = performance.now();
    const { rows } = await client.query<{ now: number }>(`SELECT ${DATABASE_TIME} AS now`);
    clock.set(rows[0]?.now ?? Date.now(), askedAt);
    return clock;
  }

  now(): number {
    return Math.round(performance.now() + (this.#least + this.#most) / 2);
  }

  /**
   * Takes in what the database's clock has shown to a question that left at `askedAt` of `performance.now()`: it was read
   * at some moment since. Each reading narrows what is known; one that contradicts it tells that a clock has jumped.
   */
  set(shown: number, askedAt: number): void {
    const [least, most] = [shown - performance.now(), shown - askedAt];
    const isKnown = least <= this.#most + DRIFT_MS && most >= this.#least - DRIFT_MS;
    this.#least = isKnown ? Math.max(least, this.#least - DRIFT_MS) : least;
    this.#most = isKnown ? Math.min(most, this.#most + DRIFT_MS) : most;
  }
}
