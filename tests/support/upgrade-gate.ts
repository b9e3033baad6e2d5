import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { deferred } from './deferred.ts';

/** A TCP proxy that holds WebSocket handshakes back until it is opened; everything else passes. */
export interface UpgradeGate extends AsyncDisposable {
  url: string;
  open(): void;
}

/** Starts an upgrade gate in front of a server. */
export async function startUpgradeGate(port: number): Promise<UpgradeGate> {
  const sockets = new Set<Socket>();
  const opened = deferred();
  const server = createServer((client) => {
    const upstream = connect(port, 'localhost');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.once('data', (head) => {
      const pass = () => {
        upstream.write(head);
        client.pipe(upstream);
      };
      client.pause();
      if (/^upgrade: websocket/im.test(head.toString())) void opened.promise.then(pass);
      else pass();
    });
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => opened.resolve(),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
