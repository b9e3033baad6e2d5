import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A path to a server on which answers are delayed. */
export interface SlowWire extends AsyncDisposable {
  readonly port: number;
  /** The delay of each answer from now on, in ms. */
  lateMs: number;
}

/** Opens a path to a local port. */
export async function openSlowWire(to: number): Promise<SlowWire> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(to, '127.0.0.1');
    inner.on('data', (chunk) => outer.write(chunk));
    outer.on('data', (chunk) => void setTimeout(() => inner.write(chunk), wire.lateMs));
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket.setNoDelay());
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const wire: SlowWire = {
    port: address.port,
    lateMs: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return wire;
}
