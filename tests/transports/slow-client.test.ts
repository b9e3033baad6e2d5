import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { Inbox } from '../support/inbox.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** The bound for what waits for a slow client in these tests. */
const BOUND = 256 * 1024;
/** How much is sent while nobody reads: far more than the bound and all of the kernel's buffers together. */
const FLOOD_BYTES = 16 * 1024 * 1024;
const TEXT = 'x'.repeat(8000);
/** Sends at a time. They may be committed and written to a client together: one such write may exceed the bound. */
const SENDS_AT_A_TIME = 20;
const ONE_WRITE = SENDS_AT_A_TIME * (TEXT.length + 1000);

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off', '--send-buffer-bytes', `${BOUND}`] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** A raw TCP client: the test decides what it reads, and when. */
interface RawClient {
  socket: Socket;
  /** The texts of the server's WebSocket frames, or the lines of the stream. */
  texts: Inbox<string>;
}

/** For each transport with a stream: opens it by hand, for a token. */
const rawTransports: Record<string, (token: string) => Promise<RawClient>> = {
  '/ws': async (token) => {
    const client = await openRawWebSocket(server.port, '/ws', [`Authorization: Bearer ${token}`]);
    client.send('{"jsonrpc":"2.0","id":1,"method":"session.get"}');
    await client.texts.first((text) => text.includes('"id":1'));
    return client;
  },
  'Socket.IO': async (token) => {
    const client = await openRawWebSocket(server.port, '/socket.io/?EIO=4&transport=websocket');
    await client.texts.first((text) => text.startsWith('0{'));
    client.send(`40${JSON.stringify({ token })}`);
    await client.texts.first((text) => text.includes('session.started'));
    return client;
  },
  'server-sent events': async (token) => {
    const socket = connect(server.port, 'localhost');
    await once(socket, 'connect');
    socket.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const texts = new Inbox<string>();
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim()) texts.push(line);
    });
    await texts.first((line) => line.startsWith('id:'));
    return { socket, texts };
  },
};

/** How many bytes of a connection the kernel holds: written by the server, but not yet read by the client. */
function kernelBytes({ localPort = 0 }: Socket): number {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const lines = ['tcp', 'tcp6'].flatMap((file) => readFileSync(`/proc/net/${file}`, 'utf8').split('\n'));
  const queued = (from: number, to: number, which: 'tx' | 'rx') => {
    const line = new RegExp(`:${hex(from)} \\S+:${hex(to)} \\S+ ([0-9A-F]+):([0-9A-F]+)`);
    const [, tx = '0', rx = '0'] = lines.map((each) => line.exec(each)).find((match) => match !== null) ?? [];
    return Number.parseInt(which === 'tx' ? tx : rx, 16);
  };
  return queued(server.port, localPort, 'tx') + queued(localPort, server.port, 'rx');
}

/** Sends messages to a room, several at a time; resolves to the last one's seq. */
async function flood(sender: TransportClient, room: string, bytes: number): Promise<number> {
  let head = 0;
  for (let sent = 0; sent < bytes; sent += TEXT.length * SENDS_AT_A_TIME) {
    const answers = await Promise.all(
      Array.from({ length: SENDS_AT_A_TIME }, () => call(sender, 'message.send', { room, text: TEXT })),
    );
    head = Math.max(...answers.map(({ message }) => message.seq));
  }
  return head;
}

describe.each(Object.keys(rawTransports))('D5 B6 a client that never reads, at %s', (transport) => {
  test('costs a bounded number of bytes, slows nobody down, and gets room.behind when it reads again', async () => {
    await using sender = await transports['/ws'](server.url, { name: `sender ${transport}` });
    const { room } = await call(sender, 'room.create', { name: `flood ${transport}` });
    const guests = await Promise.all(
      Array.from({ length: 4 }, (_, index) => startGuest(server.url, `slow ${index} ${transport}`)),
    );
    for (const { user } of guests) await call(sender, 'room.invite', { room: room.id, user: user.id });
    await using reader = await transports['Socket.IO'](server.url, { name: `reader ${transport}` });
    await call(reader, 'room.join', { room: room.id });
    const slow = await Promise.all(guests.map(({ token }) => rawTransports[transport]?.(token) as Promise<RawClient>));
    for (const { socket } of slow) socket.pause();
    const head = await flood(sender, room.id, FLOOD_BYTES);

    await reader.events.first(({ name, body }) => name === 'message.created' && body['seq'] === head);
    const seqs = reader.events.all.flatMap(({ name, body }) =>
      name === 'message.created' ? [body['seq'] as number] : [],
    );
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => head - seqs.length + 1 + index));

    for (const { socket, texts } of slow) {
      const taken = socket.bytesRead + kernelBytes(socket);
      socket.resume();
      await texts.first((text) => text.includes(`"room":"${room.id}","head":${head}`));
      // The rest was in the server: the bound was reached, and exceeded by no more than one write.
      const queued = socket.bytesRead - taken;
      // A stream counts a write as waiting until the kernel has accepted all of it.
      expect(queued).toBeGreaterThan(BOUND - (transport === 'server-sent events' ? ONE_WRITE : 0));
      expect(queued).toBeLessThan(BOUND + ONE_WRITE);
      expect(texts.all.filter((text) => text.includes('room.behind')).length).toBe(1);
    }
    // From then on it is live again.
    const { message } = await call(sender, 'message.send', { room: room.id, text: 'live again' });
    for (const { socket, texts } of slow) {
      await texts.first((text) => text.includes(`"seq":${message.seq}`) && text.includes('live again'));
      socket.destroy();
    }
  });
});
