/**
 * The lower bound: sockets of `node:net`, ready-made WebSocket frames, no upgrade, no checks. With `BENCH_JOINED=1`,
 * what arrived in one turn of the event loop goes out as one write per client; without it, each message is a write of
 * its own.
 */
import { createServer, type Socket } from 'node:net';

const isJoined = process.env['BENCH_JOINED'] === '1';
const clients = new Set<Socket>();
let batch: Buffer[] = [];

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  clients.add(socket);
  socket.write(Buffer.from([0x81, 2, ...Buffer.from('hi')]));
  socket.on('data', (chunk) => {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    // A masked text under 126 bytes: 2 bytes of head, 4 of key (zeros), the text.
    while (bytes.length >= 6) {
      const length = (bytes[1] as number) & 0x7f;
      if (bytes.length < 6 + length) break;
      const frame = Buffer.concat([Buffer.from([0x81, length]), bytes.subarray(6, 6 + length)]);
      if (isJoined) join(frame);
      else for (const client of clients) client.write(frame);
      bytes = bytes.subarray(6 + length);
    }
    rest = bytes;
  });
  socket.on('close', () => clients.delete(socket));
  socket.on('error', () => clients.delete(socket));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`listening ${address?.port}\n`);
});

function join(frame: Buffer): void {
  batch.push(frame);
  if (batch.length > 1) return;
  setImmediate(() => {
    const frames = Buffer.concat(batch);
    batch = [];
    for (const client of clients) client.write(frames);
  });
}
