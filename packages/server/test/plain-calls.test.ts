import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlainCall, takePlainCalls } from '../dist/doors/socket-io/plain-calls.js';

let server: Server;
let url: string;
const clients: Client[] = [];
beforeEach(async () => {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = new Server(http);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

/** A client, its socket at the server, and what came in which way. */
async function connected(transport: 'websocket' | 'polling') {
  const taken: PlainCall[] = [];
  const ordinary: unknown[][] = [];
  const opened = new Promise<Socket>((resolve) => {
    server.once('connection', (each) => {
      takePlainCalls(each, (call) => taken.push(call));
      each.onAny((...args: unknown[]) => ordinary.push(args));
      resolve(each);
    });
  });
  const client = io(url, { transports: [transport], forceNew: true });
  clients.push(client);
  const socket = await opened;
  return { client, socket, taken, ordinary };
}

/** Resolves when what the client has sent before was read. */
async function read(client: Client, socket: Socket): Promise<void> {
  const asked = new Promise((resolve) => socket.once('everything?', resolve));
  client.emit('everything?');
  await asked;
}

test.each(['websocket', 'polling'] as const)('calls over %s come before the parser of Socket.IO', async (transport) => {
  const { client, socket, taken, ordinary } = await connected(transport);
  client.emit('room.list', { limit: 3 }, () => undefined);
  client.emit('message.send', { room: 'lobby', text: '안녕' });
  client.emit('session.get', () => undefined);
  await read(client, socket);
  expect(taken).toEqual([
    { id: 0, name: 'room.list', input: { limit: 3 } },
    { id: undefined, name: 'message.send', input: { room: 'lobby', text: '안녕' } },
    { id: 1, name: 'session.get', input: undefined },
  ]);
  expect(ordinary).toEqual([['everything?']]);
});

test('what is no plain call goes on to Socket.IO', async () => {
  const { client, socket, taken, ordinary } = await connected('websocket');
  client.emit('no.command', 1);
  client.emit('message.send', Buffer.from('binary'));
  client.emit('__proto__', {});
  await read(client, socket);
  expect(taken).toEqual([]);
  expect(ordinary.map(([name]) => name)).toEqual(['no.command', 'message.send', '__proto__', 'everything?']);
});

test('a namespace that was left and entered again on one connection is read by its new socket', async () => {
  const { client, taken } = await connected('websocket');
  const again: PlainCall[] = [];
  const opened = new Promise<Socket>((resolve) => {
    server.once('connection', (each) => {
      takePlainCalls(each, (call) => again.push(call));
      resolve(each);
    });
  });
  // Another namespace keeps the connection open meanwhile.
  server.of('/other');
  const other = client.io.socket('/other');
  await once(other as never, 'connect');
  client.disconnect().connect();
  const socket = await opened;
  client.emit('room.list', {});
  await read(client, socket);
  expect([taken.length, again.length]).toEqual([0, 1]);
});
