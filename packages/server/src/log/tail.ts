import { LRUCache } from 'lru-cache';
import type { CommittedEvent } from './committed.js';
import { type LogEntry, logEntry, textCharsOf } from './event-record.js';

/** All tails together hold about so many characters of events. */
const MAX_CHARS = 32 * 1024 * 1024;

/** One room's tail holds so many events. */
const MAX_EVENTS = 500;

/** What an event costs beside its text, in characters, about. */
const EVENT_CHARS = 400;

/** Events that change what earlier ones hold (S8). */
const CHANGING: ReadonlySet<string> = new Set(['message.edited', 'message.deleted']);

interface Tail {
  /** Without a gap, oldest first. */
  entries: LogEntry[];
  chars: number;
}

/**
 * The newest events of rooms that were read lately, in memory: after a restart thousands come back and ask for the same
 * hundred events. It only ever holds what is on disk, and a reader that needs more goes to the disk.
 */
export class Tails {
  readonly #tails = new LRUCache<string, Tail>({
    maxSize: MAX_CHARS,
    sizeCalculation: ({ chars }) => Math.max(1, chars),
  });

  /** The events after a cursor up to `head`, if the tail has them all. */
  read(room: string, after: number, head: number, limit: number): LogEntry[] | undefined {
    const entries = this.#tails.get(room)?.entries;
    const [first] = entries ?? [];
    if (!entries || !first || first.event.seq > after + 1 || seqOf(entries.at(-1)) < head) return undefined;
    const from = after + 1 - first.event.seq;
    return entries.slice(from, from + limit);
  }

  /** Keeps events that were read from the disk and end at the room's head. */
  keep(room: string, entries: LogEntry[]): void {
    if (entries.length > 0) this.#set(room, { entries: [...entries], chars: charsOfAll(entries) });
  }

  /** Follows what is committed, where a tail is kept. */
  follow(batch: readonly CommittedEvent[]): void {
    for (const event of batch) {
      const tail = this.#tails.get(event.room);
      if (!tail) continue;
      // A text that was deleted or changed must be gone here as well; the next reader takes the room from the disk.
      if (CHANGING.has(event.name) || seqOf(tail.entries.at(-1)) !== event.seq - 1) {
        this.#tails.delete(event.room);
        continue;
      }
      const entry = logEntry(event);
      tail.entries.push(entry);
      tail.chars += charsOf(entry);
      this.#set(event.room, tail);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#tails.clear();
  }

  #set(room: string, tail: Tail): void {
    // Cut rarely, and by half, so that following costs no copy for each event.
    if (tail.entries.length > MAX_EVENTS) {
      tail.entries = tail.entries.slice(-MAX_EVENTS / 2);
      tail.chars = charsOfAll(tail.entries);
    }
    this.#tails.set(room, tail);
  }
}

function seqOf(entry: LogEntry | undefined): number {
  return entry?.event.seq ?? 0;
}

function charsOfAll(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, entry) => sum + charsOf(entry), 0);
}

function charsOf({ event }: LogEntry): number {
  return EVENT_CHARS + textCharsOf(event);
}
