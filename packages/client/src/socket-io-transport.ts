import { io } from 'socket.io-client';
import { errorFrom } from './errors.js';
import { OpenCalls } from './open-calls.js';
import type { Transport, TransportOptions } from './transport.js';

/**
 * Opens a Socket.IO connection by the first of `ways` that works; after long-polling it turns to a WebSocket if it can. Its
 * own reconnection is off, because the SDK must sync first.
 */
export function openSocketIo(
  { url, token, withCookies, handlers }: TransportOptions,
  ways: readonly ('websocket' | 'polling')[],
): Transport {
  const socket = io(url.origin, {
    path: `${url.pathname}socket.io/`,
    transports: [...ways],
    tryAllTransports: true,
    forceNew: true,
    reconnection: false,
    withCredentials: withCookies,
    ...(token !== undefined && { auth: { token } }),
  });
  const calls = new OpenCalls();
  let isOver = false;

  function end(): void {
    isOver = true;
    calls.close();
    socket.offAny();
    socket.disconnect();
  }

  socket.on('connect', () => {
    if (!isOver) handlers.opened();
  });
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    if (isOver) return;
    end();
    handlers.closed(error.data === undefined ? undefined : errorFrom(error.data));
  });
  socket.on('disconnect', () => {
    if (isOver) return;
    end();
    handlers.closed();
  });
  socket.onAny((name: string, payload: unknown) => handlers.message(name, payload));

  return {
    presentsToken: token !== undefined,
    call: (name, input) =>
      calls.open((id) => {
        socket.emit(name, input, (reply: { result?: unknown; error?: unknown } | undefined) => {
          const call = calls.take(id);
          if (reply?.error === undefined) call?.resolve(reply?.result);
          else call?.reject(errorFrom(reply.error));
        });
      }),
    close: end,
  };
}
