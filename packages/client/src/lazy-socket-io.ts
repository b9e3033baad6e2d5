import { unavailable } from './errors.js';
import type { OpenTransport, Transport } from './transport.js';

/**
 * A Socket.IO connection by the first of `ways` that works. Its code is loaded for the first one: it is as large as the rest
 * of the SDK.
 */
export function socketIo(ways: readonly ('websocket' | 'polling')[]): OpenTransport {
  return (options) => {
    let transport: Transport | undefined;
    let isOver = false;
    void load().catch(() => {
      if (!isOver) options.handlers.closed();
    });

    async function load(): Promise<void> {
      const { openSocketIo } = await import('./socket-io-transport.js');
      if (!isOver) transport = openSocketIo(options, ways);
    }

    return {
      get presentsToken() {
        return transport?.presentsToken ?? false;
      },
      call: (name, input) => transport?.call(name, input) ?? Promise.reject(unavailable('The connection is not open')),
      close: () => {
        isOver = true;
        transport?.close();
      },
    };
  };
}
