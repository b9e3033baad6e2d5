import type { LoggedEvent } from '@madang/protocol';
import { LRUCache } from 'lru-cache';
import type { CommittedEvent } from './committed.js';

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
  events: LoggedEvent[];
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
  read(room: string, after: number, head: number, limit: number): LoggedEvent[] | undefined {
    const events = this.#tails.get(room)?.events;
    const [first] = events ?? [];
    if (!events || !first || first.seq > after + 1 || (events.at(-1)?.seq ?? 0) < head) return undefined;
    const from = after + 1 - first.seq;
    return events.slice(from, from + limit);
  }

  /** Keeps events that were read from the disk and end at the room's head. */
  keep(room: string, events: LoggedEvent[]): void {
    if (events.length > 0)
      this.#set(room, { events: [...events], chars: events.reduce((sum, event) => sum + charsOf(event), 0) });
  }

  /** Follows what is committed, where a tail is kept. */
  follow(batch: readonly CommittedEvent[]): void {
    for (const event of batch) {
      const tail = this.#tails.get(event.room);
      if (!tail) continue;
      // A text that was deleted or changed must be gone here as well; the next reader takes the room from the disk.
      if (CHANGING.has(event.name) || tail.events.at(-1)?.seq !== event.seq - 1) {
        this.#tails.delete(event.room);
        continue;
      }
      const logged = { type: event.name, ...event.body } as LoggedEvent;
      tail.events.push(logged);
      tail.chars += charsOf(logged);
      this.#set(event.room, tail);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#tails.clear();
  }

  #set(room: string, tail: Tail): void {
    // Cut rarely, and by half, so that following costs no copy for each event.
    if (tail.events.length > MAX_EVENTS) {
      tail.events = tail.events.slice(-MAX_EVENTS / 2);
      tail.chars = tail.events.reduce((sum, event) => sum + charsOf(event), 0);
    }
    this.#tails.set(room, tail);
  }
}

function charsOf(event: LoggedEvent): number {
  if (event.type === 'message.created') return EVENT_CHARS + event.message.text.length;
  return EVENT_CHARS + (event.type === 'message.edited' ? event.text.length : 0);
}
