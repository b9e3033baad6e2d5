import type { Socket as EngineSocket } from 'engine.io';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Internals } from '../internals.js';
import { boundFrames } from '../sessionless.js';

/**
 * What is done with Engine.IO's inside. Its queue costs about as much as the network write itself, so a batch that is a
 * ready buffer of frames goes to the TCP socket directly, when nothing is queued before it.
 */

/** Between the packets of a polling request (Engine.IO protocol 4). */
const SEPARATOR = '\x1e';

/** Ends the connection, as what Engine.IO can't read does. */
const UNREADABLE = { type: 'error', data: 'parser error' };

/** A session's id. Engine.IO documents it, though its types call it private. */
export function idOf(engine: EngineSocket): string {
  return (engine as unknown as { id: string }).id;
}

/** Bounds how many packets one polling request may bring: each costs something, and 64 KB hold 30,000. */
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

/** Says how large a packet, or a polling request's body, may be that the transport in use takes from now on. */
export function boundTransport(engine: EngineSocket, maxBytes: number, internals: Internals): void {
  const polling = internals.polling(engine);
  if (polling) polling.maxHttpBufferSize = maxBytes;
  const framed = internals.frames(engine);
  if (framed) boundFrames(framed.webSocket, maxBytes, internals);
}

/** Ends a connection at once; what waits for it is lost. */
export function terminateTransport(engine: EngineSocket, internals: Internals): void {
  const framed = internals.frames(engine);
  engine.close(true);
  framed?.webSocket.terminate();
}

/** The TCP socket, if what is written to it now comes after all that Engine.IO was given before; else undefined. */
export function directSocket(engine: EngineSocket, internals: Internals): Duplex | undefined {
  if (engine.readyState !== 'open') return undefined;
  const framed = internals.frames(engine);
  const isFree = framed?.webSocket.readyState === WebSocket.OPEN && framed.queue().length === 0;
  return isFree ? framed.socket : undefined;
}

/** Lets go of the handshake's request and its headers, which an idle connection would keep for its life. */
export function forgetRequest(engine: EngineSocket, internals: Internals): void {
  if (internals.polling(engine)) Object.assign(engine, { request: undefined });
}
