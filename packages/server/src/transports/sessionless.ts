import type { WebSocket } from 'ws';

/**
 * What a connection may cost before it has a session, in bytes: anybody opens one, and needs no more for a handshake or a
 * refusal. A frame or a packet is what a client sends, answers are what waits for one that doesn't read.
 */
export const sessionless = { frameBytes: 16_384, answerBytes: 65_536 } as const;

/** The inside of `ws` that holds its bound on frames. */
interface Receiver {
  _maxPayload?: number;
}

/**
 * Says how large a frame may be that a WebSocket takes from now on. It looks inside `ws`, which takes one bound for all
 * connections; where that isn't what this knows, their one bound stays.
 */
export function boundFrames(webSocket: WebSocket, maxBytes: number): void {
  const { _receiver: receiver } = webSocket as { _receiver?: Receiver };
  if (receiver?._maxPayload !== undefined) receiver._maxPayload = maxBytes;
}
