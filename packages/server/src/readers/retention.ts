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
import type { LogMonths, Store } from '../store/store.js';

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

/** After each statement it rests so many times as long as that took, so that the store is others' most of the time. */
const REST = 4;

/** It rests so long at least, and at most, in ms. */
const REST_MS = { least: 5, most: 2000 };

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
    const now = clock.now();
    const bounds = { before: now - days * DAY_MS, latest: now + MAX_LEAD_MS };
    const start = performance.now();
    let rooms = 0;
    try {
      await store.alone(async (months) => {
        await this.#dropMonths(months, bounds);
        for await (const room of this.#rooms()) rooms += (await this.#clear(room, bounds)) ? 1 : 0;
      });
      if (rooms > 0) logger.info({ rooms, ms: Math.round(performance.now() - start) }, 'removed what was too old');
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      logger.warn({ reason: messageOf(error) }, 'what is too old could not be removed; trying again within the hour');
    }
  }

  /** Drops whole months, whose events so need not be removed one by one. */
  async #dropMonths(months: LogMonths, { before, latest }: Bounds): Promise<void> {
    const { store } = this.#parts;
    const end = await months.newestEnd(before);
    if (end === undefined) return;
    for (let after: string | undefined = ''; after !== undefined;) {
      const range = { before: end, latest };
      const page = await this.#paced(() => newestBefore(store.read, range, { after: after ?? '', limit: ROOMS }));
      for (const { id, logStart, seq, old } of page) {
        if (seq !== null && seq > logStart) await this.#paced(() => store.raiseLogStart(id, seq));
        // What is older only by its time stays, and must not go with its month.
        const last = old ?? 0;
        if (last > Math.max(seq ?? 0, logStart)) {
          const from = Math.max(seq ?? 0, logStart) + 1;
          await this.#mendTimes(id, { from, to: last, wrong: { before: end }, at: end });
        }
      }
      after = page.at(-1)?.id;
    }
    for (let attempt = 1; !(await months.drop(end)); attempt += 1) {
      if (attempt === DROPS.attempts) throw new Error('the log was in use all the time');
      await sleep(DROPS.againMs, undefined, { signal: this.#ending.signal, ref: false });
    }
  }

  async *#rooms(): AsyncGenerator<AgeingRoom> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = await this.#paced(() => ageingRooms(this.#parts.store.read, after ?? '', ROOMS));
      yield* page;
      after = page.at(-1)?.id;
    }
  }

  /** Brings one room up to date; answers whether there was something to remove. */
  async #clear(room: AgeingRoom, bounds: Bounds): Promise<boolean> {
    const { store } = this.#parts;
    const isDue = room.oldest !== null && !isYoung(room.oldest, bounds);
    const logStart = isDue ? await this.#logStartAt(room, bounds) : room.logStart;
    if (logStart > room.logStart) await this.#paced(() => store.raiseLogStart(room.id, logStart));
    else if (!room.hasRemains) return false;
    const part = { room: room.id, logStart, limit: ROWS };
    // Reactions after messages: who puts one on a message that is gone is refused, so no new one comes behind this.
    while (await this.#paced(() => removeOld(store, 'messages', part)));
    while (await this.#paced(() => removeOldReactions(store, part)));
    while (await this.#paced(() => removeOld(store, 'events', part)));
    return true;
  }

  /** The last event of those that are too old: before it, and at it, there is none that is young. */
  async #logStartAt({ id, logStart }: AgeingRoom, bounds: Bounds): Promise<number> {
    let oldest = logStart;
    for (let after = logStart; ;) {
      const page = await this.#paced(() => timesAfter(this.#parts.store.read, id, { after, limit: TIMES }));
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
      await this.#paced(() => mendTimes(this.#parts.store.write, { room, from: start, to: end, wrong, at }));
    }
  }

  async #paced<Result>(work: () => Promise<Result>): Promise<Result> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const start = performance.now();
    const result = await work();
    const restMs = Math.min(Math.max(REST * (performance.now() - start), REST_MS.least), REST_MS.most);
    await sleep(restMs, undefined, { signal, ref: false });
    return result;
  }
}

function isYoung(at: number, { before, latest }: Bounds): boolean {
  return at >= before && at <= latest;
}
