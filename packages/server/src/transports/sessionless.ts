import type { WebSocket } from 'ws';

/**
 * Limits for a connection without a session, in bytes: anybody can open one, and a handshake or a refusal needs no
 * more. A frame or packet comes from the client; answers wait for a client that doesn't read.
 */
export const sessionless = { frameBytes: 16_384, answerBytes: 65_536 } as const;

/** The part of `ws` that holds its frame limit. */
interface Receiver {
  _maxPayload?: number;
}

/**
 * Sets the largest frame that a WebSocket accepts from now on. It reaches into `ws`, which has one limit for all
 * connections; if the inside isn't as expected, that limit stays.
 */
export function boundFrames(webSocket: WebSocket, maxBytes: number): void {
  const { _receiver: receiver } = webSocket as { _receiver?: Receiver };
  if (receiver?._maxPayload !== undefined) receiver._maxPayload = maxBytes;
}
