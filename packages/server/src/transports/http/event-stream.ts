import type { Request, RequestHandler, Response } from 'express';
import { nextConnectionId } from '../connection-id.js';
import type { Caller } from '../../commands/context.js';
import type { CloseReason, Place, SeqRange } from '../../fanout/connection.js';
import type { ResumableConnection, Resume } from '../../fanout/resume.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import { behindEvent } from '../../fanout/send-buffer.js';
import type { OutboundEvent } from '../../log/committed.js';
import { noSession, type Session } from '../../identity/actor.js';
import { admit, tooManyConnections } from '../address-limit.js';
import { identityOf } from '../calls.js';
import type { TransportParts } from '../transport.js';
import { cursorsOfId, idOfCursors } from './event-id.js';

/**
 * With more rooms than this, the id (all their cursors) is sent once a second. An older id repeats events, but loses
 * none.
 */
const ROOMS_WITH_EAGER_ID = 20;
const LAZY_ID_MS = 1000;

/**
 * Events and signals as server-sent events (WHATWG HTML, section 9.2). The last block is left open for the connection
 * to end, with or without an `id`.
 */
const eventStreamFormat: WireFormat = {
  name: 'event-stream',
  encode: (events) => Buffer.from(events.map(blockOf).join('\n')),
  encodeOwn: ({ events, places }) => {
    const own = new Set(places);
    return eventStreamFormat.encode(events.map((event, place) => (own.has(place) ? event.own : event)));
  },
};

function blockOf({ name, json, body }: OutboundEvent): string {
  // Stock clients learn the delay too when a signal says when to reconnect.
  const retry = typeof body['reconnectMs'] === 'number' ? `retry: ${body['reconnectMs']}\n` : '';
  return `event: ${name}\ndata: ${json}\n${retry}`;
}

/** The earliest that a client reconnects after its stream breaks, in ms. */
const MIN_RETRY_MS = 1000;

/**
 * `GET /api/events`: the caller's rooms, live; `?room=` for one of them. The last event of each write has an `id` with
 * the cursors of all rooms, so that `Last-Event-ID` resumes exactly there. A comment keeps a silent stream open.
 */
export function eventStream(parts: TransportParts, resume: Resume): RequestHandler {
  return async (request, response) => {
    const { addresses, addressLimit, lifecycle, commands, limits } = parts;
    const address = addresses.of(request);
    await admit(parts, address);
    const { session, refusal } = await identityOf(parts, request);
    if (!session) throw noSession(refusal);
    const only = typeof request.query['room'] === 'string' ? request.query['room'] : undefined;
    const connection = new EventStreamConnection(response, resume.epoch, only);
    const caller: Caller = {
      connection,
      address,
      get session() {
        return connection.session ?? session;
      },
    };
    const lastEventId = lastEventIdOf(request);
    const since = lastEventId === '' ? undefined : cursorsOfId(lastEventId);
    if (only !== undefined) await commands.requireReader(only, { session, address });
    // Nothing would report a client that left meanwhile: from here to `whenGone` nothing may be awaited.
    if (response.closed || request.socket.destroyed) return;
    if (addressLimit.isFull(address)) throw tooManyConnections();
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.write(`retry: ${MIN_RETRY_MS + Math.round(Math.random() * limits.reconnectSpreadMs)}\n\n`);
    const heartbeat = setInterval(() => {
      // An ended stream that is not read yet takes nothing more; nobody would handle the error.
      if (!response.writableEnded) response.write(':\n\n');
    }, limits.heartbeatMs);
    addressLimit.enter(address);
    lifecycle.opened(connection);
    response.on('drain', () => lifecycle.drained(connection));
    whenGone(request, response, () => {
      clearInterval(heartbeat);
      addressLimit.leave(address);
      lifecycle.closed(connection);
    });
    await commands.letIn(session, caller);
    await resume.join(connection, session.user.id, since);
  };
}

/**
 * Acts once when a response or its connection ends. A response that waits behind another one gets no event of its own.
 */
function whenGone(request: Request, response: Response, act: () => void): void {
  const { socket } = request;
  let isGone = false;
  const gone = () => {
    // A response closes while its socket reports its own end, and a listener removed then is still called.
    if (isGone) return;
    isGone = true;
    response.off('close', gone);
    socket.off('close', gone);
    act();
  };
  response.on('close', gone);
  socket.on('close', gone);
}

/** Empty for none. Anything given twice, or not as text, can't be one of ours, and is parsed as such. */
function lastEventIdOf(request: Request): string {
  return [request.headers['last-event-id'] ?? request.query['lastEventId'] ?? ''].flat().map(String).join(',');
}

/** A stream to one client. Live events wait until the backlog is written. */
class EventStreamConnection implements ResumableConnection {
  readonly id = nextConnectionId();
  readonly transport = 'event-stream';
  readonly format = eventStreamFormat;
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  readonly #response: Response;
  readonly #epoch: string;
  readonly only: string | undefined;
  readonly #cursors = new Map<string, number>();
  #kept: { encoded: Encoded; range: SeqRange | undefined }[] | undefined = [];
  #keptBytes = 0;
  #idAt = 0;

  constructor(response: Response, epoch: string, only: string | undefined) {
    this.#response = response;
    this.#epoch = epoch;
    this.only = only;
  }

  write(encoded: Encoded, range?: SeqRange): void {
    if (this.#kept) {
      this.#kept.push({ encoded, range });
      this.#keptBytes += encodedBytes(encoded);
    } else {
      this.#writeLive(encoded, range);
    }
  }

  queuedBytes(): number {
    return this.#response.writableLength + this.#keptBytes;
  }

  left(room: string): void {
    this.#cursors.delete(room);
  }

  close(_reason: CloseReason): void {
    this.#response.end();
  }

  terminate(): void {
    this.#response.destroy();
  }

  startAt(place: Place): void {
    this.#cursors.set(place.room, place.seq);
  }

  async writeBacklog(encoded: Encoded, place: Place): Promise<void> {
    this.#writeNow(encoded, place);
    if (!this.#response.writableNeedDrain || this.#response.closed) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.#response.once('close', resolve);
    });
  }

  goLive(): void {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    this.#keptBytes = 0;
    // The browser's EventSource also accepts an id without an event, so that a stream without events can be resumed.
    if (!this.#response.writableEnded) this.#response.write(this.#idBlock());
    for (const { encoded, range } of kept) this.#writeLive(encoded, range);
  }

  /**
   * The backlog's events may come again live: they are on disk before the fan-out sends them. A node that was cut off
   * from the others for a while also delivers old and new events together. Then the client is sent to the log, so that
   * it receives nothing out of order.
   */
  #writeLive(encoded: Encoded, range: SeqRange | undefined): void {
    if (!range) return this.#writeNow(encoded, undefined);
    const { room, first, seq } = range;
    const cursor = this.#cursors.get(room) ?? 0;
    if (seq <= cursor) return;
    const isPartlyOld = first <= cursor;
    this.#writeNow(isPartlyOld ? this.format.encode([behindEvent(room, seq)]) : encoded, range);
  }

  #writeNow(encoded: Encoded, place: Place | undefined): void {
    if (this.#response.writableEnded || !Buffer.isBuffer(encoded)) return;
    if (place) this.#cursors.set(place.room, place.seq);
    if (place && this.only !== undefined && place.room !== this.only) return;
    this.#response.write(encoded);
    this.#response.write(place && this.#isIdDue() ? this.#idBlock() : '\n');
  }

  #isIdDue(): boolean {
    return this.#cursors.size <= ROOMS_WITH_EAGER_ID || performance.now() - this.#idAt >= LAZY_ID_MS;
  }

  #idBlock(): string {
    this.#idAt = performance.now();
    return `id: ${idOfCursors(this.#epoch, this.#cursors)}\n\n`;
  }
}
