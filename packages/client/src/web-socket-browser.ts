import type { OpenedSocket, PlainSocket } from './web-socket.js';

/** Opens the browser's own WebSocket, which can't send a token in its handshake. */
export function openWebSocket(url: URL): OpenedSocket {
  try {
    const socket = new WebSocket(url);
    return { socket, presentsToken: false, end: () => socket.close() };
  } catch {
    return { socket: refusedSocket(), presentsToken: false, end: () => {} };
  }
}

/** In place of one that a blocker in the browser refuses: it fails as it would on the network. */
function refusedSocket(): PlainSocket {
  const socket = Object.assign(new EventTarget(), { send: () => {} });
  setTimeout(() => socket.dispatchEvent(new Event('error')));
  return socket as unknown as PlainSocket;
}
