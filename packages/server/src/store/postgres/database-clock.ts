import type { Client } from 'pg';
import type { Clock } from '../../clock.js';

/** The time on the database's clock, in ms since 1970. */
export const DATABASE_TIME = `(extract(epoch FROM clock_timestamp()) * 1000)::float8`;

/** How far two clocks may drift apart between readings, in ms: 500 ppm of 2 s, the rate at which clocks are slewed. */
const DRIFT_MS = 1;

/**
 * The time by the database's clock, which all nodes share. A node's own clock may be wrong by years, so that what it
 * stored would expire for the others at once, or never.
 */
export class DatabaseClock implements Clock {
  /** Bounds of the offset from `performance.now()`, which no change of this machine's clock affects. */
  #least = -Infinity;
  #most = Infinity;

  /** Reads the time. */
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
   * Takes in a reading by a query that was sent at `askedAt` of `performance.now()`: the clock was read at some moment
   * since. Each reading narrows the bounds. One that contradicts them means that a clock has jumped.
   */
  set(shown: number, askedAt: number): void {
    const [least, most] = [shown - performance.now(), shown - askedAt];
    const isKnown = least <= this.#most + DRIFT_MS && most >= this.#least - DRIFT_MS;
    this.#least = isKnown ? Math.max(least, this.#least - DRIFT_MS) : least;
    this.#most = isKnown ? Math.min(most, this.#most + DRIFT_MS) : most;
  }
}
