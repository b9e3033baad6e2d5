import { createParser } from 'eventsource-parser';
import type { Note } from './door-client.ts';
import { Inbox } from './inbox.ts';

/** An open `GET /api/events`. */
export interface EventStream {
  readonly notes: Inbox<Note>;
  /** The id to go on with, as the last whole event left it. */
  lastEventId(): string;
  /** When the server, or `close`, has ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** What a stream is opened with. */
export interface EventStreamOptions {
  token: string;
  lastEventId?: string;
  room?: string;
  /** Where its notes go; its own if absent. */
  notes?: Inbox<Note>;
}

/** Opens a stream; it hears its rooms when this resolves. */
export async function openEventStream(url: string, options: EventStreamOptions): Promise<EventStream> {
  const aborting = new AbortController();
  const query = options.room === undefined ? '' : `?room=${encodeURIComponent(options.room)}`;
  const response = await fetch(`${url}/api/events${query}`, {
    signal: aborting.signal,
    headers: {
      authorization: `Bearer ${options.token}`,
      accept: 'text/event-stream',
      ...(options.lastEventId !== undefined && { 'last-event-id': options.lastEventId }),
    },
  });
  if (!response.ok || !response.body) throw new Error(`GET /api/events: ${response.status} ${await response.text()}`);
  const notes = options.notes ?? new Inbox<Note>();
  let lastEventId = options.lastEventId ?? '';
  let idSeen: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => (idSeen = resolve));
  const parser = createParser({
    onEvent: ({ event, data }) => {
      notes.push({ name: event ?? 'message', body: JSON.parse(data) as Note['body'] });
    },
  });
  const ids = new IdReader((id) => {
    lastEventId = id;
    idSeen?.();
  });
  const closed = (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        const text = decoder.decode(chunk, { stream: true });
        parser.feed(text);
        ids.feed(text);
      }
    } catch {
      // An aborted stream, or a server that is gone: closed either way.
    }
  })();
  await Promise.race([begun, closed]);
  return {
    notes,
    lastEventId: () => lastEventId,
    closed,
    close: () => {
      aborting.abort();
      return closed;
    },
  };
}

/**
 * Reads `id:` lines as the standard has it (WHATWG HTML, 9.2.6): the id counts once its block has ended, with data or
 * without. The parser beside it gives ids only with data.
 */
class IdReader {
  readonly #onId: (id: string) => void;
  #rest = '';
  #id: string | undefined;

  constructor(onId: (id: string) => void) {
    this.#onId = onId;
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('id:')) this.#id = line.slice(3).trimStart();
      else if (line === '' && this.#id !== undefined) {
        this.#onId(this.#id);
        this.#id = undefined;
      }
    }
  }
}
