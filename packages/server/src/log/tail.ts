import { LRUCache } from 'lru-cache';
import type { CommittedEvent } from './committed.js';
import { type LogEntry, logEntry, textCharsOf } from './event-record.js';

/** The approximate limit of all tails together, in characters. */
const MAX_CHARS = 32 * 1024 * 1024;

/** The most events in one room's tail. */
const MAX_EVENTS = 500;

/** The approximate cost of an event besides its text, in characters. */
const EVENT_CHARS = 400;

/** Events that change the content of earlier ones (S8). */
const CHANGING: ReadonlySet<string> = new Set(['message.edited', 'message.deleted']);

interface Tail {
  /** Without a gap, oldest first. */
  entries: LogEntry[];
  chars: number;
}

/**
 * Keeps the newest events of recently read rooms in memory: after a restart, thousands of clients ask for the same hundred
 * events. It contains only events that are on disk, and a reader that needs more goes to the store.
 */
export class Tails {
  readonly #tails = new LRUCache<string, Tail>({
    maxSize: MAX_CHARS,
    sizeCalculation: ({ chars }) => Math.max(1, chars),
  });

  /** The events after a cursor up to `head`, if the tail has all of them. */
  read(room: string, after: number, head: number, limit: number): LogEntry[] | undefined {
    const entries = this.#tails.get(room)?.entries;
    const [first] = entries ?? [];
    if (!entries || !first || first.event.seq > after + 1 || seqOf(entries.at(-1)) < head) return undefined;
    const from = after + 1 - first.event.seq;
    return entries.slice(from, from + limit);
  }

  /** Keeps events read from the store that end at the room's head. */
  keep(room: string, entries: LogEntry[]): void {
    if (entries.length > 0) this.#set(room, { entries: [...entries], chars: charsOfAll(entries) });
  }

  /** Adds committed events to the tails that are kept. */
  follow(batch: readonly CommittedEvent[]): void {
    for (const event of batch) {
      const tail = this.#tails.get(event.room);
      if (!tail) continue;
      // A deleted or changed text must be gone here too; the next reader gets the room from the store.
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

  /** Clears everything. */
  clear(): void {
    this.#tails.clear();
  }

  #set(room: string, tail: Tail): void {
    // Cut rarely and by half, so that adding an event costs no copy.
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
