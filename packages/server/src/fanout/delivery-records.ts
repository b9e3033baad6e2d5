import { type Clock, MAX_LEAD_MS } from '../clock.js';
import type { Connection } from './connection.js';
import { Ring } from './ring.js';

/** For how long it is known what was delivered, in ms. */
const KEPT_MS = 15 * 60_000;

/** How many are kept at most: runs of events (about 7 MB), connections that are closed, times of being behind. */
const MAX_RUNS = 100_000;
const MAX_CLOSED = 50_000;
const MAX_GAPS = 50_000;

/** How often what is too old is dropped when nothing new comes, in ms. */
const SWEEP_MS = 60_000;

/** Events of one room that were handed out together. Its number is its place in the order of all runs. */
interface Run {
  number: number;
  room: string;
  first: number;
  last: number;
  at: number;
}

/** A connection with a session: it hears the runs from `from` on, until `until`. A class, so that all share one shape. */
class Attachment {
  readonly id: string;
  readonly user: string;
  readonly transport: string;
  /** The one room that it hears; all of its user's if undefined. */
  readonly only: string | undefined;
  readonly openedAt: number;
  closedAt: number | undefined;
  readonly from: number;
  until: number | undefined;
  /** While it is behind: the first run that it did not get. */
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

/** Runs that a connection did not get, for it read too slowly. */
interface Gap {
  connection: string;
  from: number;
  until: number;
  at: number;
}

/** What became of an event at one connection; `skipped` is absent when it was handed to the network. */
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

/** Asks for an event that came into a log at a moment, and a user. */
export interface Question {
  room: string;
  seq: number;
  at: number;
  user: string;
}

/** What is known of an event's delivery to a user. */
export interface DeliveryRecord {
  /** Those that the user had when it was handed out. */
  outcomes: Outcome[];
  /** When the user's last connection before it was closed. */
  lastSeenAt?: number;
  /** When the user's first connection after it was opened. */
  backAt?: number;
}

/**
 * What this node handed to which connection, for 15 minutes, in memory; places and times, never what was said. Handing
 * out costs one small object for each room and commit, however many hear it: who heard it is told by which connections
 * there were, and which were behind. To compare them exactly, all of it is told by the numbers of runs, not by the clock.
 */
export class DeliveryRecords {
  readonly #clock: Clock;
  #nextRun = 0;
  /** From this run on everything is known. */
  #knownFrom = 0;
  /** The same by the clock. */
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

  /** A room's events, from `first` to `last`, are handed out now. */
  handingOut(room: string, first: number, last: number): void {
    this.#runs.add({ number: this.#nextRun, room, first, last, at: this.#clock.now() });
    this.#nextRun += 1;
  }

  /** A connection hears its user's rooms from now on. */
  opened(connection: Connection, user: string): void {
    const start = { at: this.#clock.now(), from: this.#nextRun };
    this.#open.set(connection.id, new Attachment(connection, user, start));
  }

  /** A connection hears nothing any more. */
  closed(connection: Connection): void {
    const attachment = this.#open.get(connection.id);
    if (!attachment) return;
    this.#open.delete(connection.id);
    attachment.closedAt = this.#clock.now();
    attachment.until = this.#nextRun;
    this.#closed.add(attachment);
  }

  /** A connection is behind: it gets neither the run that is handed out now, nor any until it has caught up. */
  skipped(connection: Connection): void {
    const attachment = this.#open.get(connection.id);
    if (attachment) attachment.behindFrom ??= this.#nextRun - 1;
  }

  /** A connection that was behind was told to read the log, and gets what comes now. */
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

  /** What became of an event for a user; undefined when that is not known, or not any more. */
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

  /** Forgets all. */
  close(): void {
    clearInterval(this.#sweeping);
  }

  /** A room that nobody heard here, as can be with other nodes: what is handed out then leaves no trace. */
  #findUnheard(at: number, own: readonly Attachment[]): DeliveryRecord | undefined {
    const before = own.filter(({ closedAt = Infinity }) => closedAt <= at);
    const after = own.filter(({ openedAt }) => openedAt > at);
    // Somebody who was here would have heard it, so it is not that nobody did: it is late, or was left out.
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

  /** What is dropped, be it for its age or for want of room, takes with it what was known up to there. */
  #forget(knownFrom: number, knownSince: number): void {
    this.#knownFrom = Math.max(this.#knownFrom, knownFrom);
    this.#knownSince = Math.min(Math.max(this.#knownSince, knownSince), this.#clock.now());
  }

  #sweep(): void {
    const now = this.#clock.now();
    this.#forget(0, now - KEPT_MS - 1);
    // What is in the future is from before the clock was put back, and can't be compared with what comes.
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
