import type { WebSocket } from 'ws';
import type { Internals } from './internals.js';

/**
 * Limits for a connection without a session, in bytes: anybody can open one, and a handshake or a refusal needs no
 * more. A frame or packet comes from the client; answers wait for a client that doesn't read.
 */
export const sessionless = { frameBytes: 16_384, answerBytes: 65_536 } as const;

/**
 * Limits the frames that a WebSocket accepts from now on. The API of `ws` has one limit for all connections, which stays
 * in force if its internals are not the expected ones.
 */
export function boundFrames(webSocket: WebSocket, maxBytes: number, internals: Internals): void {
  const receiver = internals.receiver(webSocket);
  if (receiver) receiver._maxPayload = maxBytes;
}
