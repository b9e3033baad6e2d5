import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type DoorClient } from '../support/door-client.ts';
import { doors } from '../support/doors.ts';
import { startGuest } from '../support/guest.ts';
import { Inbox } from '../support/inbox.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** What waits for a slow client at most, as these tests set it. */
const BOUND = 256 * 1024;
/** How much is sent while nobody reads: far more than the bound and all the kernel's buffers together. */
const FLOOD_BYTES = 16 * 1024 * 1024;
const WARM_UP_BYTES = 2 * 1024 * 1024;
const TEXT = 'x'.repeat(8000);

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off', '--send-buffer-bytes', `${BOUND}`] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** A raw TCP client: what it reads, and when, is up to the test. */
interface RawClient {
  socket: Socket;
  /** Texts of the server's WebSocket frames, or the stream's lines. */
  texts: Inbox<string>;
}

/** For each door with a stream: opens it by hand, for a token. */
const rawDoors: Record<string, (token: string) => Promise<RawClient>> = {
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

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Sends messages in a room, some at a time; answers the last one's seq. */
async function flood(sender: DoorClient, room: string, bytes: number): Promise<number> {
  let head = 0;
  for (let sent = 0; sent < bytes; sent += TEXT.length * 20) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(sender, 'message.send', { room, text: TEXT })),
    );
    head = Math.max(...answers.map(({ message }) => message.seq));
  }
  return head;
}

describe.each(Object.keys(rawDoors))('D5 B6 a client that never reads, at %s', (door) => {
  test('costs a bounded number of bytes, slows down nobody, and is told room.behind when it reads again', async () => {
    await using sender = await doors['/ws'](server.url, { name: `sender ${door}` });
    const { room } = await call(sender, 'room.create', { name: `flood ${door}` });
    const guests = await Promise.all(
      Array.from({ length: 4 }, (_, index) => startGuest(server.url, `slow ${index} ${door}`)),
    );
    for (const { user } of guests) await call(sender, 'room.invite', { room: room.id, user: user.id });
    await using reader = await doors['Socket.IO'](server.url, { name: `reader ${door}` });
    await call(reader, 'room.join', { room: room.id });
    const slow = await Promise.all(guests.map(({ token }) => rawDoors[door]?.(token) as Promise<RawClient>));
    // Warm the server's own buffers up before its memory is looked at.
    await flood(sender, room.id, WARM_UP_BYTES);

    for (const { socket } of slow) socket.pause();
    const before = residentBytes(server.pid());
    const head = await flood(sender, room.id, FLOOD_BYTES);
    const grown = residentBytes(server.pid()) - before;
    // Unbounded, these four would have cost 4 × 16 MiB, less what the kernel holds.
    expect(grown / 1024 / 1024).toBeLessThan(40);

    await reader.notes.first(({ name, body }) => name === 'message.created' && body['seq'] === head);
    const seqs = reader.notes.all.flatMap(({ name, body }) =>
      name === 'message.created' ? [body['seq'] as number] : [],
    );
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => head - seqs.length + 1 + index));

    for (const { socket, texts } of slow) {
      socket.resume();
      await texts.first((text) => text.includes(`"room":"${room.id}","head":${head}`));
      const delivered = texts.all.filter((text) => text.includes(TEXT)).length;
      expect(delivered).toBeLessThan((FLOOD_BYTES + WARM_UP_BYTES) / TEXT.length);
      expect(texts.all.filter((text) => text.includes('room.behind')).length).toBe(1);
    }
    // And from then on it is live again.
    const { message } = await call(sender, 'message.send', { room: room.id, text: 'live again' });
    for (const { socket, texts } of slow) {
      await texts.first((text) => text.includes(`"seq":${message.seq}`) && text.includes('live again'));
      socket.destroy();
    }
  });
});
