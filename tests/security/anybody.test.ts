import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { expectCleanLog } from '../support/server-log.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** CPU time that a server has used, in ms. The clock ticks every 10 ms. */
function cpuOf(server: TestServer): number {
  const stat = readFileSync(`/proc/${server.pid()}/stat`, 'latin1');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
}

/** Sends the head of a request, and returns the head of the answer. */
async function send(server: TestServer, head: string): Promise<string> {
  const socket = connect(server.port, 'localhost');
  socket.write(`${head}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString('latin1');
}

/** How much more one request may cost than a plain one; superlinear work costs several times as much. */
const MAX_MS = 8;

describe('a caller without a session', () => {
  test('does not end the server by leaving while upgrades to another protocol wait for their answers', async () => {
    await using server = await startServer();
    const upgrade = 'GET /api/session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(server.port, 'localhost');
      socket.on('error', () => undefined);
      socket.write(upgrade.repeat(400));
      await once(socket, 'data');
      if (round % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    await sleep(200);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expectCleanLog(server);
  });
});

describe('a caller without a session can keep the server busy only for a moment', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ flags: ['--limits', 'off'] });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
  const ideographs = Array.from({ length: 1600 }, (_, at) => encodeURIComponent(String.fromCodePoint(0x4e00 + at * 3)));
  test.each([
    ['a host of many letters', `GET /api/session HTTP/1.1\r\nHost: ${ideographs.join('')}`],
    ['a host of many marks', `GET /api/session HTTP/1.1\r\nHost: a${'%CC%81'.repeat(1200)}${'%CC%96'.repeat(1200)}`],
    ['many languages', `GET / HTTP/1.1\r\nHost: x\r\nAccept-Language: ${'a,'.repeat(7500)}\r\n${upgrade}`],
    ['many media types', `GET /api/session HTTP/1.1\r\nHost: x\r\nAccept: ${'a/b,'.repeat(3900)}`],
    ['many encodings', `GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${'a,'.repeat(7400)}`],
    ['the document of the HTTP API', 'GET /api/openapi.json HTTP/1.1\r\nHost: x'],
    ['the document of the WebSocket API', 'GET /api/asyncapi.json HTTP/1.1\r\nHost: x'],
  ])('%s', async (_what, head) => {
    const times = 25;
    const costOf = async (each: string): Promise<number> => {
      const before = cpuOf(server);
      for (let time = 0; time < times; time += 1) await send(server, each);
      return (cpuOf(server) - before) / times;
    };
    const plain = head.includes('Upgrade')
      ? `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}`
      : 'GET /api/session HTTP/1.1\r\nHost: x';
    await costOf(plain);
    let more = Infinity;
    for (let tries = 0; tries < 3 && more > MAX_MS; tries += 1) more = (await costOf(head)) - (await costOf(plain));
    expect(more).toBeLessThan(MAX_MS);
  });
});

describe('opening connections spends the address’s budget', () => {
  let server: TestServer;
  beforeAll(async () => {
    const flags = ['--connect-budget', '3/3600', '--users-per-address', '2', '--trusted-proxies', 'loopback'];
    server = await startServer({ flags });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  let addresses = 0;
  /** An address that has spent nothing yet. */
  const newAddress = () => `192.0.2.${(addresses += 1)}`;

  const websocket = '/socket.io/?EIO=4&transport=websocket';
  const polling = '/socket.io/?EIO=4&transport=polling';
  const openWebSocket = (path: string) => async (at: TestServer, address: string) => {
    const opened = openRawWebSocket(at.port, path, [`X-Forwarded-For: ${address}`]);
    return opened.then(
      async (client) => (await client[Symbol.asyncDispose](), 'open'),
      (error: Error) => (error.message.includes('429') ? 'rate_limited' : error.message),
    );
  };
  const ask = (path: string) => async (at: TestServer, address: string) => {
    const headers = { 'x-forwarded-for': address };
    return (await fetch(`${at.url}${path}`, { headers })).status === 429 ? 'rate_limited' : 'open';
  };

  test.each([
    ['/ws', openWebSocket('/ws')],
    ['Socket.IO', openWebSocket(websocket)],
    ['Socket.IO, of an unknown session', openWebSocket(`${websocket}&sid=nosuch`)],
    ['Socket.IO polling', ask(polling)],
    ['Socket.IO polling, of an unknown session', ask(`${polling}&sid=nosuch`)],
    ['an event stream', ask('/api/events')],
    ['an event stream of an unknown room', ask('/api/events?room=nosuch')],
  ])('B3 %s', async (_what, open) => {
    const [address, another] = [newAddress(), newAddress()];
    const came: string[] = [];
    for (let time = 0; time < 8; time += 1) came.push(await open(server, address));
    expect(came.map((each) => each === 'rate_limited')).toEqual(came.map((_, at) => at >= 6));
    // By anything else, too. Another address is not affected.
    expect(await openWebSocket('/ws')(server, address)).toBe('rate_limited');
    expect(await openWebSocket('/ws')(server, another)).toBe('open');
  });
});

/** How many times as expensive a refusal may appear, by a clock that ticks every 10 ms on a busy machine. */
const MOST = 2;

test('a refused call costs no more than a successful one with as many bytes', async () => {
  await using server = await startServer({ flags: ['--limits', 'off'] });
  await using client = await connectJsonRpc(server.url, { name: 'costly' });
  const read = { method: 'room.get', params: { room: 'lobby' } };
  const numbers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, at]));
  const refusals = {
    'an unknown command': { method: 'nosuch', params: numbers(4000) },
    'unknown fields': { method: 'message.send', params: numbers(4000) },
    'a record with too many entries': { method: 'sync', params: { cursors: numbers(4000) } },
    'wrong values of a record': {
      method: 'sync',
      params: { cursors: Object.fromEntries(Array.from({ length: 499 }, (_, at) => [`room${at}`, 'x'.repeat(90)])) },
    },
    'a list instead of a text': {
      method: 'message.send',
      params: { room: 'lobby', text: Array.from({ length: 20_000 }, () => 1) },
    },
    'a text that is too long': {
      method: 'message.send',
      params: { room: 'lobby', text: 'e\u0301\u0316'.repeat(8000) },
    },
  };
  const costOf = async (request: object, times = 60): Promise<number> => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, ...request });
    const before = cpuOf(server);
    for (let sent = 0; sent < times; sent += 1) await client.exchange(text);
    return cpuOf(server) - before;
  };
  const dear: string[] = [];
  for (const [what, refusal] of Object.entries(refusals)) {
    // Whatever comes along with the call is parsed too, but not examined.
    const done = { ...read, beside: refusal.params };
    await costOf(done, 10);
    let ratio = Infinity;
    for (let tries = 0; tries < 3 && ratio > MOST; tries += 1) {
      const refused = await costOf(refusal);
      ratio = refused / Math.max(50, await costOf(done));
    }
    if (ratio > MOST) dear.push(`${what}: ${ratio.toFixed(1)} times as much`);
  }
  expect(dear).toEqual([]);
}, 120_000);

test('while the server stops, new clients get 503 and Retry-After', async () => {
  await using server = await startServer();
  // A polling client that does not ask again: the stop waits for it.
  await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const stopped = server.stop();
  const ask = (path: string) => fetch(`${server.url}${path}`, { headers: { connection: 'close' } });
  await expect.poll(async () => (await ask('/api/session')).status).toBe(503);
  for (const path of ['/api/session', '/api/events', '/', '/ws', '/socket.io/?EIO=4&transport=polling', '/readyz']) {
    const { status, headers } = await ask(path);
    expect([path, status]).toEqual([path, 503]);
    expect(Number(headers.get('retry-after')), path).toBeGreaterThan(0);
  }
  await expect(openRawWebSocket(server.port, '/ws')).rejects.toThrow('503');
  expect(await stopped).toBe(0);
});

test('an event stream that has ended but is not read yet gets no heartbeat', async () => {
  await using server = await startServer({ flags: ['--limits', 'off', '--heartbeat-ms', '1000'] });
  const { token } = await startGuest(server.url, 'reads nothing');
  await using speaker = await connectJsonRpc(server.url, { name: 'speaker' });
  const socket = connect(server.port, 'localhost');
  socket.write(`GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  // More than the network buffers for a client that doesn't read.
  for (let round = 0; round < 20; round += 1) {
    const texts = Array.from({ length: 50 }, () =>
      call(speaker, 'message.send', { room: 'lobby', text: 'x'.repeat(8000) }),
    );
    await Promise.all(texts);
  }
  await fetch(`${server.url}/api/session`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  await sleep(2500);
  socket.destroy();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expectCleanLog(server);
});
