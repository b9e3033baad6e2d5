import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, MAX_LEAD_MS } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import {
  type AgeingRoom,
  ageingRooms,
  mendTimes,
  newestBefore,
  removeOld,
  removeOldReactions,
  timesAfter,
  type WrongTimes,
} from '../store/queries/retention.js';
import type { Store } from '../store/store.js';
import { wheneverLeased } from './lease.js';
import { paced } from './pace.js';

/** The bounds of age: an event before `before` is old, one after `latest` is dated in the future. */
interface Bounds {
  before: number;
  latest: number;
}

const DAY_MS = 24 * 3600_000;

/** Interval between retention sweeps, in ms. */
const EVERY_MS = 3600_000;

/** Rooms read per statement. */
const ROOMS = 50;

/** Events whose times are read per statement. */
const TIMES = 500;

/** The most rows that one statement removes. */
const ROWS = 250;

/** Attempts to drop months while the log is in use, and the pause between them in ms. */
const DROPS = { attempts: 20, againMs: 500 };

/** What retention needs. */
export interface RetentionParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Removes everything older than this many days. */
  days: number;
}

/**
 * Removes old messages, their reactions, and the events of the log. In each room it first raises the log start, which
 * hides everything below it at once, and then removes the rows a few at a time. A run may be interrupted anywhere: the
 * next one finds the rows that are left below the log start.
 *
 * Clocks may have been wrong. An event that precedes a young one is young, whatever its own time. An event dated in the
 * future is as old as the event after it, or of now if it is the last.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #isFailureLogged = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Sweeps in the background, now and every hour, on one node. If that is killed, another one begins within seconds. */
  start(): void {
    const work = { store: this.#parts.store, name: 'retention', signal: this.#ending.signal };
    this.#running ??= wheneverLeased(
      work,
      (held) => this.#sweepHourly(held),
      (error) => this.#failed(error),
    );
  }

  /** Stops after the current statement. May be called twice. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #sweepHourly(held: AbortSignal): Promise<void> {
    while (!held.aborted) {
      await this.#sweep(held).catch((error: unknown) => held.aborted || this.#failed(error));
      await sleep(EVERY_MS, undefined, { signal: held, ref: false }).catch(() => undefined);
    }
  }

  async #sweep(held: AbortSignal): Promise<void> {
    const { clock, logger, days } = this.#parts;
    const now = clock.now();
    const bounds = { before: now - days * DAY_MS, latest: now + MAX_LEAD_MS };
    const start = performance.now();
    let rooms = 0;
    const sweep = new Sweep(this.#parts, bounds, held);
    await sweep.dropMonths();
    for await (const room of sweep.rooms()) rooms += (await sweep.clear(room)) ? 1 : 0;
    const ms = Math.round(performance.now() - start);
    if (rooms > 0) logger.info({ rooms, ms }, 'removed old messages');
    else logger.debug({ ms }, 'no messages were too old');
    this.#isFailureLogged = false;
  }

  /** Logs the first of consecutive failures. */
  #failed(error: unknown): void {
    if (this.#isFailureLogged) return;
    this.#isFailureLogged = true;
    const reason = messageOf(error);
    this.#parts.logger.warn({ reason }, 'old messages could not be removed; trying again within the hour');
  }
}

/** A run through all rooms, under the lease. */
class Sweep {
  readonly #parts: RetentionParts;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal;

  constructor(parts: RetentionParts, bounds: Bounds, signal: AbortSignal) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /** Drops whole months at once, instead of removing their events one by one. */
  async dropMonths(): Promise<void> {
    const { store } = this.#parts;
    const { before, latest } = this.#bounds;
    const end = await store.months.newestEnd(before);
    if (end === undefined) return;
    for (let after: string | undefined = ''; after !== undefined;) {
      const range = { before: end, latest };
      const page = await paced(this.#signal, () =>
        newestBefore(store.read, range, { after: after ?? '', limit: ROOMS }),
      );
      for (const { id, logStart, seq, old } of page) {
        if (seq !== null && seq > logStart) await paced(this.#signal, () => store.raiseLogStart(id, seq));
        // An event that is old only by its wrong time stays, so it must leave the month that is dropped.
        const last = old ?? 0;
        if (last > Math.max(seq ?? 0, logStart)) {
          const from = Math.max(seq ?? 0, logStart) + 1;
          await this.#mendTimes(id, { from, to: last, wrong: { before: end }, at: end });
        }
      }
      after = page.at(-1)?.id;
    }
    for (let attempt = 1; !(await store.months.drop(end)); attempt += 1) {
      if (attempt === DROPS.attempts) throw new Error('the log was in use all the time');
      await sleep(DROPS.againMs, undefined, { signal: this.#signal, ref: false });
    }
  }

  /** All rooms, by id. */
  async *rooms(): AsyncGenerator<AgeingRoom> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = await paced(this.#signal, () => ageingRooms(this.#parts.store.read, after ?? '', ROOMS));
      yield* page;
      after = page.at(-1)?.id;
    }
  }

  /** Sweeps one room. Returns whether anything was removed. */
  async clear(room: AgeingRoom): Promise<boolean> {
    const { store } = this.#parts;
    const isDue = room.oldest !== null && !isYoung(room.oldest, this.#bounds);
    const logStart = isDue ? await this.#logStartAt(room) : room.logStart;
    if (logStart > room.logStart) await paced(this.#signal, () => store.raiseLogStart(room.id, logStart));
    else if (!room.hasRemains) return false;
    const part = { room: room.id, logStart, limit: ROWS };
    // Reactions come after messages: a reaction to a removed message is refused, so none is added behind this.
    while (await paced(this.#signal, () => removeOld(store, 'messages', part)));
    while (await paced(this.#signal, () => removeOldReactions(store, part)));
    while (await paced(this.#signal, () => removeOld(store, 'events', part)));
    return true;
  }

  /** The last old event: up to it there is no young one. */
  async #logStartAt({ id, logStart }: AgeingRoom): Promise<number> {
    const bounds = this.#bounds;
    let oldest = logStart;
    for (let after = logStart; ;) {
      const page = await paced(this.#signal, () => timesAfter(this.#parts.store.read, id, { after, limit: TIMES }));
      const young = page.findIndex(({ at }) => isYoung(at, bounds));
      const beforeYoung = young === -1 ? page : page.slice(0, young);
      oldest = beforeYoung.findLast(({ at }) => at < bounds.before)?.seq ?? oldest;
      if (young !== -1) return oldest;
      after = page.at(-1)?.seq ?? after;
      if (page.length === TIMES) continue;
      // The log ends with events dated in the future.
      if (after > oldest) await this.#mendTimes(id, { from: oldest + 1, to: after, wrong: { after: bounds.latest } });
      return oldest;
    }
  }

  /** Corrects the times of events and their messages: to `at`, or to now. */
  async #mendTimes(
    room: string,
    { from, to, wrong, at = this.#parts.clock.now() }: { from: number; to: number; wrong: WrongTimes; at?: number },
  ): Promise<void> {
    for (let start = from; start <= to; start += ROWS) {
      const end = Math.min(to, start + ROWS - 1);
      await paced(this.#signal, () => mendTimes(this.#parts.store.write, { room, from: start, to: end, wrong, at }));
    }
  }
}

function isYoung(at: number, { before, latest }: Bounds): boolean {
  return at >= before && at <= latest;
}
