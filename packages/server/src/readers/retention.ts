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
import { LEASE_MS, RENEW_MS, underLease } from './lease.js';
import { paced } from './pace.js';

/** What counts as too old, and what as in the future: at a time in between an event is young. */
interface Bounds {
  before: number;
  latest: number;
}

const DAY_MS = 24 * 3600_000;

/** How often it is looked for what has become too old, in ms. */
const EVERY_MS = 3600_000;

/** Rooms that are looked at in one statement. */
const ROOMS = 50;

/** Events whose times are read in one statement. */
const TIMES = 500;

/** Rows that one statement removes at most. */
const ROWS = 250;

/** How often the dropping of months is tried when the log is in use, and after how many ms again. */
const DROPS = { attempts: 20, againMs: 500 };

/** What retention needs. */
export interface RetentionParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** What is older than so many days goes. */
  days: number;
}

/**
 * Removes what is too old: messages, their reactions, and the events of the log. In each room first the log start is raised,
 * from which moment on nobody is shown what is below it, then the rows go, a few at a time. Wherever it is ended, the
 * next run goes on there: what the log start says is gone, and is still there, is found.
 *
 * Clocks may have been wrong. What comes before something young is young, whatever its own time says; what bears a time in
 * the future is as old as what comes after it, and if nothing does, it is of now.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Begins, and looks again every hour; nobody waits for it. */
  start(): void {
    this.#timer ??= setInterval(() => this.#runOnce(), EVERY_MS).unref();
    this.#runOnce();
  }

  /** Ends it after the statement that is under way. Safe to call twice. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#running;
  }

  #runOnce(): void {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    const { store, clock, logger, days } = this.#parts;
    const { signal } = this.#ending;
    const now = clock.now();
    const bounds = { before: now - days * DAY_MS, latest: now + MAX_LEAD_MS };
    const start = performance.now();
    let rooms = 0;
    try {
      const sweepAll = async (held: AbortSignal): Promise<void> => {
        const sweep = new Sweep(this.#parts, bounds, held);
        await sweep.dropMonths();
        for await (const room of sweep.rooms()) rooms += (await sweep.clear(room)) ? 1 : 0;
      };
      const work = { store, name: 'retention', signal };
      if (!(await underLease(work, sweepAll))) {
        // Its holder may have been killed: then the lease has expired by now, and nobody else would look for an hour.
        await sleep(LEASE_MS + RENEW_MS, undefined, { signal, ref: false });
        await underLease(work, sweepAll);
      }
      if (rooms > 0) logger.info({ rooms, ms: Math.round(performance.now() - start) }, 'removed old messages');
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ reason: messageOf(error) }, 'old messages could not be removed; trying again within the hour');
    }
  }
}

/** One run through all rooms, under the lease. */
class Sweep {
  readonly #parts: RetentionParts;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal;

  constructor(parts: RetentionParts, bounds: Bounds, signal: AbortSignal) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /** Drops whole months, whose events so need not be removed one by one. */
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
        // What is older only by its time stays, and must not go with its month.
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

  /** Brings one room up to date; answers whether there was something to remove. */
  async clear(room: AgeingRoom): Promise<boolean> {
    const { store } = this.#parts;
    const isDue = room.oldest !== null && !isYoung(room.oldest, this.#bounds);
    const logStart = isDue ? await this.#logStartAt(room) : room.logStart;
    if (logStart > room.logStart) await paced(this.#signal, () => store.raiseLogStart(room.id, logStart));
    else if (!room.hasRemains) return false;
    const part = { room: room.id, logStart, limit: ROWS };
    // Reactions after messages: who puts one on a message that is gone is refused, so no new one comes behind this.
    while (await paced(this.#signal, () => removeOld(store, 'messages', part)));
    while (await paced(this.#signal, () => removeOldReactions(store, part)));
    while (await paced(this.#signal, () => removeOld(store, 'events', part)));
    return true;
  }

  /** The last event of those that are too old: before it, and at it, there is none that is young. */
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
      // The log ends with what is in the future.
      if (after > oldest) await this.#mendTimes(id, { from: oldest + 1, to: after, wrong: { after: bounds.latest } });
      return oldest;
    }
  }

  /** Gives events whose time is wrong, with their messages, another: that of now if none is given. */
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
