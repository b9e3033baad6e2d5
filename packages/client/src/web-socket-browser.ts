import type { OpenedSocket } from './web-socket.js';

/** Opens the browser's own WebSocket, which can't send a token in its handshake. */
export function openWebSocket(url: URL): OpenedSocket {
  const socket = new WebSocket(url);
  return { socket, presentsToken: false, end: () => socket.close() };
}
