import type { Socket as EngineSocket } from 'engine.io';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Internals } from '../internals.js';
import { boundFrames } from '../sessionless.js';

/**
 * What the Socket.IO transport does with internals of Engine.IO. Its queue costs about as much as the network write
 * itself, so a batch of ready frames goes directly to the TCP socket if nothing is queued before it.
 */

/** Separates the packets of a polling request (Engine.IO protocol 4). */
const SEPARATOR = '\x1e';

/** Closes the connection, as any packet does that Engine.IO can't parse. */
const UNREADABLE = { type: 'error', data: 'parser error' };

/** The id of an Engine.IO session, which is documented, although its type is private. */
export function idOf(engine: EngineSocket): string {
  return (engine as unknown as { id: string }).id;
}

/** Limits the packets in one polling request: each has a cost, and 64 KB hold 30,000 of them. */
export function boundPayloads(engine: EngineSocket, most: number, internals: Internals): void {
  const transport = internals.polling(engine);
  if (!transport) return;
  const { parser } = transport;
  transport.parser = {
    ...parser,
    decodePayload: (body, ...rest) => {
      const isTooMany = typeof body === 'string' && body.split(SEPARATOR, most + 1).length > most;
      return isTooMany ? [UNREADABLE] : parser.decodePayload(body, ...rest);
    },
  };
}

/** Limits the packets, or the polling bodies, that the current transport accepts from now on. */
export function boundTransport(engine: EngineSocket, maxBytes: number, internals: Internals): void {
  const polling = internals.polling(engine);
  if (polling) polling.maxHttpBufferSize = maxBytes;
  const framed = internals.frames(engine);
  if (framed) boundFrames(framed.webSocket, maxBytes, internals);
}

/** Closes a connection immediately; queued packets are lost. */
export function terminateTransport(engine: EngineSocket, internals: Internals): void {
  const framed = internals.frames(engine);
  engine.close(true);
  framed?.webSocket.terminate();
}

/** The TCP socket, if a write to it now comes after everything that Engine.IO was given before; otherwise undefined. */
export function directSocket(engine: EngineSocket, internals: Internals): Duplex | undefined {
  if (engine.readyState !== 'open') return undefined;
  const framed = internals.frames(engine);
  const isFree = framed?.webSocket.readyState === WebSocket.OPEN && framed.queue().length === 0;
  return isFree ? framed.socket : undefined;
}

/** Releases the handshake's request and headers, which an idle connection would keep in memory as long as it lives. */
export function forgetRequest(engine: EngineSocket, internals: Internals): void {
  if (internals.polling(engine)) Object.assign(engine, { request: undefined });
}
