import { type Clock, MAX_LEAD_MS } from '../clock.js';
import type { Connection } from './connection.js';
import { Ring } from './ring.js';

/** How long deliveries are remembered, in ms. */
const KEPT_MS = 15 * 60_000;

/** The most to remember: runs of events (about 7 MB), closed connections, times of being behind. */
const MAX_RUNS = 100_000;
const MAX_CLOSED = 50_000;
const MAX_GAPS = 50_000;

/** Interval for dropping old records when nothing new arrives, in ms. */
const SWEEP_MS = 60_000;

/** Events of one room that were delivered together. Its number is its place among all runs. */
interface Run {
  number: number;
  room: string;
  first: number;
  last: number;
  at: number;
}

/**
 * A connection with a session: it receives the runs from `from` on, until `until`. A class, so that all share one
 * shape.
 */
class Attachment {
  readonly id: string;
  readonly user: string;
  readonly transport: string;
  /** The one room it receives; all of its user's if undefined. */
  readonly only: string | undefined;
  readonly openedAt: number;
  closedAt: number | undefined;
  readonly from: number;
  until: number | undefined;
  /** While it is behind: the first run that it missed. */
  behindFrom: number | undefined;

  constructor({ id, transport, only }: Connection, user: string, start: { at: number; from: number }) {
    this.id = id;
    this.user = user;
    this.transport = transport;
    this.only = only;
    this.openedAt = start.at;
    this.closedAt = undefined;
    this.from = start.from;
    this.until = undefined;
    this.behindFrom = undefined;
  }
}

/** Runs that a connection missed because it read too slowly. */
interface Gap {
  connection: string;
  from: number;
  until: number;
  at: number;
}

/** The delivery of an event to one connection; `skipped` is absent if it was handed to the network. */
export interface Outcome {
  connection: string;
  transport: string;
  openedAt: number;
  closedAt?: number;
  sentAt?: number;
  skipped?: 'behind' | 'other_room';
  /** When a connection that was behind was told to read the log. */
  toldAt?: number;
}

/** Asks about an event, committed at a given time, and a user. */
export interface Question {
  room: string;
  seq: number;
  at: number;
  user: string;
}

/** What is known of an event's delivery to a user. */
export interface DeliveryRecord {
  /** For the connections that the user had at its delivery. */
  outcomes: Outcome[];
  /** When the user's last connection before it closed. */
  lastSeenAt?: number;
  /** When the user's first connection after it opened. */
  backAt?: number;
}

/**
 * Records for 15 minutes, in memory, what this node delivered to which connection: seqs and times, never content. A
 * delivery costs one small object per room and commit, however many receive it: the recipients follow from which
 * connections there were, and which were behind. Runs are compared by number, not by clock, so that the result is
 * exact.
 */
export class DeliveryRecords {
  readonly #clock: Clock;
  #nextRun = 0;
  /** Everything is known from this run on. */
  #knownFrom = 0;
  /** The same as a time. */
  #knownSince: number;
  readonly #runs = new Ring<Run>(MAX_RUNS, ({ number, at }) => this.#forget(number + 1, at));
  readonly #open = new Map<string, Attachment>();
  readonly #closed = new Ring<Attachment>(MAX_CLOSED, ({ until = 0, closedAt = 0 }) => this.#forget(until, closedAt));
  readonly #gaps = new Ring<Gap>(MAX_GAPS, ({ until, at }) => this.#forget(until, at));
  readonly #sweeping: NodeJS.Timeout;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#knownSince = clock.now();
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  /** Records the delivery of a room's events, from `first` to `last`. */
  handingOut(room: string, first: number, last: number): void {
    this.#runs.add({ number: this.#nextRun, room, first, last, at: this.#clock.now() });
    this.#nextRun += 1;
  }

  /** A connection receives its user's rooms from now on. */
  opened(connection: Connection, user: string): void {
    const start = { at: this.#clock.now(), from: this.#nextRun };
    this.#open.set(connection.id, new Attachment(connection, user, start));
  }

  /** A connection receives nothing more. */
  closed(connection: Connection): void {
    const attachment = this.#open.get(connection.id);
    if (!attachment) return;
    this.#open.delete(connection.id);
    attachment.closedAt = this.#clock.now();
    attachment.until = this.#nextRun;
    this.#closed.add(attachment);
  }

  /** A connection is behind: it misses the current run, and all further ones until it has caught up. */
  skipped(connection: Connection): void {
    const attachment = this.#open.get(connection.id);
    if (attachment) attachment.behindFrom ??= this.#nextRun - 1;
  }

  /** A connection that was behind was told to read the log, and receives events again. */
  caughtUp(connection: Connection): void {
    const attachment = this.#open.get(connection.id);
    if (attachment?.behindFrom === undefined) return;
    this.#gaps.add({
      connection: attachment.id,
      from: attachment.behindFrom,
      until: this.#nextRun,
      at: this.#clock.now(),
    });
    attachment.behindFrom = undefined;
  }

  /** The delivery of an event to a user; undefined if it isn't known, or no longer known. */
  find({ room, seq, at, user }: Question): DeliveryRecord | undefined {
    this.#sweep();
    const run = this.#runOf(room, seq);
    const own = [...this.#open.values(), ...this.#closed.newestFirst()].filter((each) => each.user === user);
    if (!run) return this.#findUnheard(at, own);
    if (run.number < this.#knownFrom) return undefined;
    const heard = own.filter(({ from, until = Infinity }) => from <= run.number && run.number < until);
    return recordOf({
      outcomes: heard
        .sort((a, b) => a.openedAt - b.openedAt || a.from - b.from)
        .map((attachment) => this.#outcomeOf(run, attachment)),
      before: own.filter(({ until = Infinity }) => until <= run.number),
      after: own.filter(({ from }) => from > run.number),
    });
  }

  /** Forgets everything. */
  close(): void {
    clearInterval(this.#sweeping);
  }

  /** A room without connections here, as is possible with other nodes: nothing is recorded for it. */
  #findUnheard(at: number, own: readonly Attachment[]): DeliveryRecord | undefined {
    const before = own.filter(({ closedAt = Infinity }) => closedAt <= at);
    const after = own.filter(({ openedAt }) => openedAt > at);
    // A connected user would have received it, so the event is late, or was left out.
    const wasHere = before.length + after.length < own.length;
    return wasHere || at <= this.#knownSince ? undefined : recordOf({ outcomes: [], before, after });
  }

  #runOf(room: string, seq: number): Run | undefined {
    for (const run of this.#runs.newestFirst()) {
      if (run.room === room && run.first <= seq && seq <= run.last) return run;
    }
    return undefined;
  }

  #outcomeOf(run: Run, attachment: Attachment): Outcome {
    const { id: connection, transport, openedAt, closedAt } = attachment;
    const base = { connection, transport, openedAt, ...(closedAt !== undefined && { closedAt }) };
    if (attachment.only !== undefined && attachment.only !== run.room) return { ...base, skipped: 'other_room' };
    if (attachment.behindFrom !== undefined && attachment.behindFrom <= run.number)
      return { ...base, skipped: 'behind' };
    for (const gap of this.#gaps.newestFirst()) {
      if (gap.connection === connection && gap.from <= run.number && run.number < gap.until) {
        return { ...base, skipped: 'behind', toldAt: gap.at };
      }
    }
    return { ...base, sentAt: run.at };
  }

  /** Dropping records, by age or for space, limits how far back everything is known. */
  #forget(knownFrom: number, knownSince: number): void {
    this.#knownFrom = Math.max(this.#knownFrom, knownFrom);
    this.#knownSince = Math.min(Math.max(this.#knownSince, knownSince), this.#clock.now());
  }

  #sweep(): void {
    const now = this.#clock.now();
    this.#forget(0, now - KEPT_MS - 1);
    // A time in the future is from before the clock was set back, and can't be compared with later ones.
    const isOver = (at: number) => at < now - KEPT_MS || at > now + MAX_LEAD_MS;
    this.#runs.dropWhile(({ at }) => isOver(at));
    this.#closed.dropWhile(({ closedAt = 0 }) => isOver(closedAt));
    this.#gaps.dropWhile(({ at }) => isOver(at));
  }
}

function recordOf(parts: {
  outcomes: Outcome[];
  before: readonly Attachment[];
  after: readonly Attachment[];
}): DeliveryRecord {
  const { outcomes, before, after } = parts;
  return {
    outcomes,
    ...(before.length > 0 && { lastSeenAt: Math.max(...before.map(({ closedAt = 0 }) => closedAt)) }),
    ...(after.length > 0 && { backAt: Math.min(...after.map(({ openedAt }) => openedAt)) }),
  };
}
