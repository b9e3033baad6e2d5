import { WebSocket } from 'ws';
import type { OpenedSocket } from './web-socket.js';

// A page of 200 messages of the largest size, as JSON, with room to spare.
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

// How long the server has to answer a close, in ms. `ws` itself waits 30 s, which would keep a finished process alive.
const CLOSE_MS = 1000;

/** Opens a WebSocket of `ws`, with the token as `Authorization: Bearer`. */
export function openWebSocket(url: URL, token: string | undefined): OpenedSocket {
  const socket = new WebSocket(url, {
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
  return {
    socket,
    presentsToken: token !== undefined,
    end: () => {
      if (socket.readyState > WebSocket.OPEN) return;
      socket.close();
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    },
  };
}
