import { BackOff } from '../back-off.js';
import { atMostEvery, type Logger } from '../logger.js';

/** Waits before a room in which a reader failed is tried again, in ms: doubles from the first to the most. */
const RETRY = { minMs: 1000, maxMs: 5 * 60_000, spread: 0.2 };

/** The same failure of a reader is logged at most once in this time, in ms. */
export const LOG_EVERY_MS = 30_000;

interface Stuck {
  backOff: BackOff;
  /** When it is tried again, by `performance.now()`. */
  retryAt: number;
}

/** The rooms in which a reader fails, each of which waits longer after every attempt. The others go on without them. */
export class StuckRooms {
  readonly #reader: string;
  readonly #logger: Logger;
  readonly #rooms = new Map<string, Stuck>();
  readonly #mayLog = atMostEvery(LOG_EVERY_MS);

  constructor(reader: string, logger: Logger) {
    this.#reader = reader;
    this.#logger = logger;
  }

  /** How many there are. */
  get count(): number {
    return this.#rooms.size;
  }

  /** When the next one is tried again, by `performance.now()`; Infinity if there is none. */
  get nextAt(): number {
    let next = Infinity;
    for (const { retryAt } of this.#rooms.values()) next = Math.min(next, retryAt);
    return next;
  }

  /** Those that are to be tried now. */
  due(): string[] {
    const now = performance.now();
    return [...this.#rooms].flatMap(([room, { retryAt }]) => (retryAt <= now ? [room] : []));
  }

  /** Whether a room is not to be tried yet. */
  isResting(room: string): boolean {
    return (this.#rooms.get(room)?.retryAt ?? 0) > performance.now();
  }

  /** The reader failed in a room, at the event after `cursor`. */
  failed(room: string, cursor: number, error: unknown): void {
    const backOff = this.#rooms.get(room)?.backOff ?? new BackOff(RETRY);
    this.#rooms.set(room, { backOff, retryAt: performance.now() + backOff.next() });
    if (!this.#mayLog()) return;
    this.#logger.error(
      { reader: this.#reader, room, seq: cursor + 1, stuck: this.count, ...withoutText(error) },
      'a reader of the log is stuck in a room; it tries again there, and reads the other rooms',
    );
  }

  /** The reader has read on in a room. */
  worked(room: string): void {
    if (!this.#rooms.delete(room)) return;
    this.#logger.info(
      { reader: this.#reader, room, stuck: this.count },
      'a reader of the log is no longer stuck in a room',
    );
  }

  /** Another process reads on. */
  clear(): void {
    this.#rooms.clear();
  }
}

/** What went wrong and where. An error's own message may quote what somebody wrote. */
function withoutText(error: unknown): { error: string; place?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  const place = error.stack?.split('\n').find((line) => /^ +at /.test(line));
  return { error: `${error.name}${code}`, ...(place !== undefined && { place: place.trim() }) };
}
