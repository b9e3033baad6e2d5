import type { Server as EngineServer, Socket as EngineSocket } from 'engine.io';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { boundFrames } from '../sessionless.js';

/**
 * The one place that reaches into Engine.IO. Its queue costs about as much as the network write itself, so a batch that
 * is a ready-made buffer of frames goes directly to the TCP socket when nothing is queued before it. If Engine.IO's
 * inside is not as this file expects (another major version, another `ws`), everything takes the ordinary path.
 */

const isKnownVersion = versionOf('engine.io').startsWith('6.');

/** The internals in use; any of them may be missing. */
interface Inside {
  transport?: {
    name?: string;
    socket?: { readyState?: number; _socket?: unknown; terminate?(): void };
    maxHttpBufferSize?: number;
    parser?: Parser;
  };
  upgrading?: boolean;
  readyState?: string;
  writeBuffer?: unknown[];
}

/** Parses the packets in the body of a polling request. */
interface Parser {
  decodePayload(body: unknown, ...rest: unknown[]): unknown[];
}

/** Separates the packets of a polling request (Engine.IO protocol 4). */
const SEPARATOR = '\x1e';

/** Ends the connection, as Engine.IO does for input it can't parse. */
const UNREADABLE = { type: 'error', data: 'parser error' };

/** Limits how many packets one polling request may contain: each costs something, and 64 KB can hold 30,000. */
export function boundPayloads(engine: EngineSocket, most: number): void {
  const { transport } = engine as unknown as Inside;
  const { parser } = transport ?? {};
  if (!isKnownVersion || !transport || transport.name !== 'polling' || !parser) return;
  transport.parser = {
    ...parser,
    decodePayload: (body, ...rest) => {
      const isTooMany = typeof body === 'string' && body.split(SEPARATOR, most + 1).length > most;
      return isTooMany ? [UNREADABLE] : parser.decodePayload(body, ...rest);
    },
  };
}

/** Whether a server has a session with this id. If that can't be determined, it counts as one. */
export function hasClient(engine: EngineServer, id: string): boolean {
  const { clients } = engine as unknown as { clients?: object };
  return clients === undefined || Object.hasOwn(clients, id);
}

/** Sets the largest packet, or polling request's body, that the current transport accepts from now on. */
export function boundTransport(engine: EngineSocket, maxBytes: number): void {
  const { transport } = engine as unknown as Inside;
  if (transport?.maxHttpBufferSize !== undefined) transport.maxHttpBufferSize = maxBytes;
  if (transport?.name === 'websocket' && transport.socket) boundFrames(transport.socket as never, maxBytes);
}

/** Ends a connection at once, and discards what waits for it. */
export function terminateTransport(engine: EngineSocket): void {
  const { transport } = engine as unknown as Inside;
  engine.close(true);
  transport?.socket?.terminate?.();
}

/** Whether ready-made frames can be written to this connection: it is a WebSocket, and not being upgraded. */
export function takesFrames(engine: EngineSocket): boolean {
  return engine.transport.name === 'websocket' && !engine.upgrading;
}

/** The TCP socket, if a write to it would follow everything given to Engine.IO before; else undefined. */
export function directSocket(engine: EngineSocket): Socket | undefined {
  const inside = engine as unknown as Inside;
  if (!isKnownVersion || inside.readyState !== 'open' || inside.writeBuffer?.length !== 0) return undefined;
  const webSocket = inside.transport?.socket;
  const socket = webSocket?._socket;
  return webSocket?.readyState === 1 && socket instanceof Socket ? socket : undefined;
}

/** Bytes waiting in Engine.IO's queue. Walks the queue. */
export function queuedBytesOf(engine: EngineSocket): number {
  const { writeBuffer = [] } = engine as unknown as Inside;
  let bytes = 0;
  for (const packet of writeBuffer as { data?: unknown }[]) {
    bytes += typeof packet.data === 'string' ? packet.data.length : 0;
  }
  return bytes;
}

/** Releases the handshake's request and its headers, which an idle connection would keep for life. */
export function forgetRequest(engine: EngineSocket): void {
  Object.assign(engine, { request: undefined });
}

/** A dependency's version, even though its `exports` hide its package.json. */
function versionOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name);
  const manifest = readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
