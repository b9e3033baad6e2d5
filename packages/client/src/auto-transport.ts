import type { EarlySocket } from './early-socket.js';
import { socketIo } from './lazy-socket-io.js';
import { Timers } from './timers.js';
import type { OpenTransport, Transport, TransportOptions } from './transport.js';
import { beginEarly, openPlainWebSocket } from './websocket-transport.js';

/** A WebSocket that is not open after this time, in ms, is taken for one that a proxy swallows. */
const SWALLOWED_MS = 4000;

/**
 * A wire that is a plain WebSocket, or Socket.IO by long-polling where a proxy lets no WebSocket through. What has worked
 * is tried first from then on. `early` is used for the first one.
 */
export function autoTransport(early?: EarlySocket): OpenTransport {
  let [first, second] = [early ? beginEarly(early) : openPlainWebSocket, socketIo(['polling', 'websocket'])];
  return (options) =>
    openEither(first, second, options, (way) => {
      if (way === second) [first, second] = [second, first];
    });
}

/** Opens `way`, or else `other`. Calls `worked` with the one that opened. */
function openEither(
  way: OpenTransport,
  other: OpenTransport | undefined,
  options: TransportOptions,
  worked: (way: OpenTransport) => void,
): Transport {
  const { handlers } = options;
  const timers = new Timers();
  let alternative = other;

  function decide(): void {
    alternative = undefined;
    timers.close();
  }

  function turnTo(next: OpenTransport): void {
    decide();
    current.close();
    current = openEither(next, undefined, options, worked);
  }

  let current = way({
    ...options,
    handlers: {
      opened: () => {
        decide();
        worked(way);
        handlers.opened();
      },
      message: (name, payload) => handlers.message(name, payload),
      closed: (error) => {
        // An error is the server's own answer: it was reached.
        if (alternative && error === undefined) return turnTo(alternative);
        decide();
        handlers.closed(error);
      },
    },
  });
  if (other) timers.after(SWALLOWED_MS, () => turnTo(other));
  return {
    get presentsToken() {
      return current.presentsToken;
    },
    call: (name, input) => current.call(name, input),
    close: () => {
      decide();
      current.close();
    },
  };
}
