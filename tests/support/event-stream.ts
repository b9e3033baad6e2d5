import { deferred } from './deferred.ts';
import type { OutboundEvent } from './transport-client.ts';
import { EventSourceParser } from './event-source-parser.ts';
import { Inbox } from './inbox.ts';

/** An open `GET /api/events`. */
export interface EventStream {
  readonly events: Inbox<OutboundEvent>;
  /** The id to resume from, as of the last complete event. */
  lastEventId(): string;
  /** The events up to the last id: those that are not repeated after resuming from it. */
  settled(): readonly OutboundEvent[];
  /** Resolves when the stream has ended, whichever side ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Options for opening a stream. */
export interface EventStreamOptions {
  token: string;
  lastEventId?: string;
  room?: string;
  /** Where to put the stream's events; a new inbox if absent. */
  events?: Inbox<OutboundEvent>;
}

/** Opens a stream. Once this resolves it receives its rooms' events. */
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
  const events = options.events ?? new Inbox<OutboundEvent>();
  let lastEventId = options.lastEventId ?? '';
  let settled = 0;
  const begun = deferred();
  const parser = new EventSourceParser({
    onEvent: (name, data) => events.push({ name, body: JSON.parse(data) as OutboundEvent['body'] }),
    onId: (id) => {
      lastEventId = id;
      settled = events.all.length;
      begun.resolve();
    },
  });
  const closed = (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } catch {
      // Aborted, or the server is gone: closed either way.
    }
  })();
  await Promise.race([begun.promise, closed]);
  return {
    events,
    lastEventId: () => lastEventId,
    settled: () => events.all.slice(0, settled),
    closed,
    close: () => {
      aborting.abort();
      return closed;
    },
  };
}
