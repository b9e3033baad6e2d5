import type { Logger } from '../logger.js';

/** Characters that a check of a store writes: about what the longest message takes in the log and elsewhere. */
export const PROBE_CHARS = 32 * 1024;

/** Each kind of failure is logged at most once in this time, in ms. */
const LOG_EVERY_MS = 30_000;

/** How long a failed commit counts if no other is tried, in ms. */
const DOUBT_MS = 3000;

/** Why a store can't work, by kind, in words for an operator. Logs can be searched for the kind. */
export const failureWords = {
  'disk-full': 'the disk is full',
  'read-only': 'it is read-only',
  'io-error': 'the disk reports errors',
  locked: 'another program has locked it',
  damaged: 'it is damaged: restore a backup',
  memory: 'it has no memory left',
  'taken-away': 'the database was taken away',
  'not-reached': 'it can\u2019t be reached',
  refused: 'it does not let us in',
  'tables-gone': 'its tables are gone: restore a backup, and restart Madang',
  'time-out': 'it did not answer in time',
  other: 'it failed',
} as const;

/** A kind of failure. */
export type FailureKind = keyof typeof failureWords;

/** A failure of the engine. */
export interface Failure {
  kind: FailureKind;
  /** The engine's own error text, for the log. */
  reason: string;
}

interface Told {
  at: number;
  /** How many have come since, unlogged. */
  untold: number;
}

/** Tracks an engine's failures: logs one warning per kind in half a minute, and knows whether the store works. */
export class StoreHealth {
  readonly #logger: Logger;
  readonly #told = new Map<FailureKind, Told>();
  #trouble: string | undefined;
  #failedAt = -Infinity;
  #isTold = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Why nothing can be stored, as far as is known; undefined if the last write worked. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Whether a commit failed recently, and none has succeeded since. */
  get isDoubtful(): boolean {
    return this.#trouble !== undefined && performance.now() - this.#failedAt < DOUBT_MS;
  }

  /** Something could not be stored or read. `counts` is false for failures that say nothing about commits. */
  failed({ kind, reason }: Failure, counts = true): void {
    const now = performance.now();
    if (counts) {
      this.#trouble = failureWords[kind];
      this.#failedAt = now;
    }
    const told = this.#told.get(kind);
    if (told && now - told.at < LOG_EVERY_MS) {
      told.untold += 1;
      return;
    }
    this.#told.set(kind, { at: now, untold: 0 });
    this.#isTold ||= counts;
    const since = told && told.untold > 0 ? { since: told.untold } : {};
    this.#logger.warn({ kind, reason, ...since }, `nothing can be stored: ${failureWords[kind]}`);
  }

  /** Something was stored. */
  worked(): void {
    if (this.#trouble === undefined) return;
    if (this.#isTold) this.#logger.info({ was: this.#trouble }, 'the store works again');
    this.#trouble = undefined;
    this.#isTold = false;
  }
}
