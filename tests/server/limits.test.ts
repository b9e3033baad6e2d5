import { createClient } from '@madang/client';
import type { CommandOutput } from '@madang/protocol';
import { createMadang } from 'madang';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { call, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { deferred } from '../support/deferred.ts';
import { openEngineIo } from '../support/engine-io-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The limits as set in this file: small, so that a test reaches them soon. */
const flags = {
  '--max-frame-bytes': 20_000,
  '--max-head-bytes': 10_000,
  '--head-timeout-ms': 1000,
  '--request-timeout-ms': 1500,
  '--handshake-timeout-ms': 1000,
  '--heartbeat-ms': 1000,
  '--max-connections-per-address': 4,
  '--max-rooms-per-user': 3,
  '--send-budget': '7/60',
  '--signal-budget': '5/60',
};

/** How late a timer of the server may fire on a busy machine, in ms. */
const LATE_MS = 10_000;

const polling = '/socket.io/?EIO=4&transport=polling';

async function startWith(...names: (keyof typeof flags)[]): Promise<TestServer> {
  return startServer({ flags: names.flatMap((name) => [name, String(flags[name])]) });
}

/** What a raw TCP client receives until the connection ends. */
async function answerTo(server: TestServer, ...texts: string[]): Promise<string> {
  const socket = connect(server.port, 'localhost');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const text of texts) socket.write(text);
  await once(socket, 'close');
  return answer;
}

/** A request over its own TCP connection, as it arrives from a proxy: the end of the connection ends no session. */
async function ask(
  server: TestServer,
  path: string,
  body?: string,
): Promise<{ status: number; text: string; retryAfter: string | undefined }> {
  const request = httpRequest(`${server.url}${path}`, {
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    headers: { connection: 'close' },
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, retryAfter: response.headers['retry-after'] };
}

async function openPolling(server: TestServer): Promise<string> {
  const { status, text } = await ask(server, polling);
  expect(status, text).toBe(200);
  return `${polling}&sid=${(JSON.parse(text.slice(1)) as { sid: string }).sid}`;
}

describe('B1 input that is too large', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startWith('--max-frame-bytes');
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const atLimit = 'x'.repeat(flags['--max-frame-bytes']);

  /** A socket with a session, so that it may send as much as any. */
  const openWithSession = async (path: string) => {
    const { token } = await startGuest(server.url, `sends to ${path.slice(1, 5)} ${randomInt(1e6)}`);
    const socket = await openRawWebSocket(server.port, path, [`Authorization: Bearer ${token}`]);
    if (path.startsWith('/socket.io')) {
      socket.send('40');
      await socket.texts.first((text) => text.includes('session.started'));
    } else if (path === '/ws') {
      socket.send('{"jsonrpc":"2.0","id":1,"method":"session.get"}');
      await socket.texts.first((text) => text.includes('"rooms"'));
    } else {
      await socket.texts.first((text) => text.startsWith('Welcome'));
    }
    return socket;
  };

  test.each(['/ws', '/', '/socket.io/?EIO=4&transport=websocket'])('B1 a frame at %s', async (path) => {
    await using fits = await openWithSession(path);
    fits.send(atLimit);
    fits.send('still here', { opcode: 9 });
    // Engine.IO takes it for an unknown packet, and ends the connection because of that.
    await (path.startsWith('/socket.io') ? fits.closeCode : fits.frames.first(({ opcode }) => opcode === 10));
    await using over = await openWithSession(path);
    over.send(`${atLimit}x`);
    expect(await over.closeCode).toBe(1009);
  });

  test.each(['/ws', '/socket.io/?EIO=4&transport=websocket'])(
    'B18 a frame of a connection without a session, at %s',
    async (path) => {
      await using fits = await openRawWebSocket(server.port, path);
      fits.send('x'.repeat(16_384));
      fits.send('still here', { opcode: 9 });
      await (path.startsWith('/socket.io') ? fits.closeCode : fits.frames.first(({ opcode }) => opcode === 10));
      await using over = await openRawWebSocket(server.port, path);
      over.send('x'.repeat(16_385));
      expect(await over.closeCode).toBe(1009);
    },
  );

  test('B18 a polling request of a connection without a session', async () => {
    const session = await openPolling(server);
    expect((await ask(server, session, `40{"name":"${'x'.repeat(16_385)}"}`)).status).toBe(413);
  });

  test('a polling request with more packets than a client can need ends its session', async () => {
    const session = await openPolling(server);
    const packets = (count: number) => Array.from({ length: count }, () => '3').join('\x1e');
    expect((await ask(server, session, packets(1000))).status).toBe(200);
    await ask(server, session, packets(1001));
    expect((await ask(server, session, '3')).status).toBe(400);
  });

  test('B1 a polling request', async () => {
    const session = await openPolling(server);
    expect((await ask(server, session, `40{"name":"${'x'.repeat(100)}"}`)).status).toBe(200);
    expect((await ask(server, session, `${atLimit}x`)).status).toBe(413);
  });

  test('B1 a body', async () => {
    const body = (bytes: number) => `{"name":"${'x'.repeat(bytes - 11)}"}`;
    expect((await ask(server, '/api/session', body(atLimit.length))).status).toBe(400);
    const { status, text } = await ask(server, '/api/session', body(atLimit.length + 1));
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ code: 'too_large' });
  });
});

describe('B3 budgets', () => {
  test('B3 are settings; pending sends of a user count over all transports together', async () => {
    await using server = await startWith('--send-budget', '--signal-budget');
    const guest = await startGuest(server.url, 'spender');
    const clients = await Promise.all(
      transportNames.map((transport) => transports[transport](server.url, { token: guest.token })),
    );
    const sends = clients.flatMap((client) =>
      Array.from({ length: 5 }, (_, index) => client.ask('message.send', { room: 'lobby', text: `${index}` })),
    );
    const answers = await Promise.all(sends);
    expect(answers.filter(({ result }) => result)).toHaveLength(7);
    for (const { error } of answers.filter((answer) => answer.error)) {
      expect(error?.code).toBe('rate_limited');
      expect(error?.retryAfter).toBeGreaterThan(0);
      expect(error?.retryAfter).toBeLessThanOrEqual(60);
    }
    const { status, retryAfter } = await fetch(`${server.url}/api/rooms/lobby/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${guest.token}` },
      body: '{"text":"x"}',
    }).then((response) => ({ status: response.status, retryAfter: response.headers.get('retry-after') }));
    expect([status, Number(retryAfter) > 0]).toEqual([429, true]);
    const [first] = clients;
    const signals = [];
    for (let index = 0; index < 6; index += 1)
      signals.push(await outcome(first!, 'presence.set', { presence: 'away' }));
    expect(signals).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'rate_limited']);
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe('B4 the inbox of a connection', () => {
  test.each(['Socket.IO', 'Socket.IO polling', '/ws'] as const)(
    'B4 calls without an answer at %s',
    async (transport) => {
      await using server = await startServer({ flags: ['--limits', 'off', '--max-calls-in-flight', '4'] });
      await using client = await transports[transport](server.url, { name: 'pusher' });
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) => client.ask('message.send', { room: 'lobby', text: `${index}` })),
      );
      const refused = outcomes.filter(({ error }) => error);
      expect(refused.length).toBeGreaterThan(0);
      for (const { error } of refused) expect(error).toMatchObject({ code: 'rate_limited', retryAfter: 1 });
      expect(await outcome(client, 'message.send', { room: 'lobby', text: 'and on it goes' })).toBe('ok');
    },
  );

  test('B4 input sent before the server has sent its greeting is not read into memory', async () => {
    using folder = tempFolder();
    const { promise: known, resolve: know } = deferred();
    const madang = await createMadang({
      data: folder.path,
      logLevel: 'silent',
      authenticate: () => known.then(() => ({ id: 'slow', name: 'Slow' })),
    });
    const host = createServer().listen(0);
    madang.attach(host);
    await once(host, 'listening');
    const headers = { authorization: 'Bearer slow' };
    const webSocket = new WebSocket(`ws://localhost:${(host.address() as AddressInfo).port}/ws`, { headers });
    await once(webSocket, 'open');
    const padding = 'x'.repeat(60_000);
    for (let index = 0; index < 600; index += 1) webSocket.send(`{"jsonrpc":"2.0","method":"${padding}"}`);
    webSocket.send('{"jsonrpc":"2.0","id":"last","method":"session.get"}');
    // 36 MB: whatever the network between them can't hold stays with the client.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(webSocket.bufferedAmount).toBeGreaterThan(15_000_000);
    const texts: string[] = [];
    webSocket.on('message', (data: Buffer) => texts.push(data.toString()));
    know();
    await expect.poll(() => texts.some((text) => /"id":"last".*"id":"u-slow"/.test(text))).toBe(true);
    webSocket.terminate();
    await madang.close();
    host.close();
  });
});

describe('B8 connections of one address', () => {
  test('B8 count over all transports together; each one that ends makes room for another', async () => {
    await using server = await startWith('--max-connections-per-address');
    const { token } = await startGuest(server.url, 'streamer');
    const session = await openPolling(server);
    const webSocket = await openRawWebSocket(server.port, '/ws');
    const line = await openRawWebSocket(server.port, '/');
    const stopping = new AbortController();
    const streaming = { headers: { authorization: `Bearer ${token}` } };
    const stream = await fetch(`${server.url}/api/events`, { ...streaming, signal: stopping.signal });
    expect(stream.status).toBe(200);

    const isFull = async () => {
      const { status, text, retryAfter } = await ask(server, polling);
      expect(status).toBe(429);
      expect(JSON.parse(text)).toMatchObject({ code: 'rate_limited', retryAfter: Number(retryAfter) });
      const another = await fetch(`${server.url}/api/events`, streaming);
      expect([another.status, another.headers.get('retry-after')]).toEqual([429, '10']);
      for (const path of ['/ws', '/', '/socket.io/?EIO=4&transport=websocket']) {
        await expect(openRawWebSocket(server.port, path)).rejects.toThrow('HTTP/1.1 429');
      }
      // Requests that are not connections still work.
      expect((await fetch(`${server.url}/api/session`, streaming)).status).toBe(200);
    };
    await isFull();
    // When a connection of one transport ends, another transport can use its place, once.
    const ends = [
      () => ask(server, session, '1'),
      () => webSocket[Symbol.asyncDispose](),
      () => line[Symbol.asyncDispose](),
      () => Promise.resolve(stopping.abort()),
    ];
    const opened: AsyncDisposable[] = [];
    for (const end of ends) {
      await end();
      await expect
        .poll(() =>
          openRawWebSocket(server.port, '/ws').then(
            (each) => opened.push(each) > 0,
            () => false,
          ),
        )
        .toBe(true);
      await isFull();
    }
    for (const each of opened) await each[Symbol.asyncDispose]();
  });

  test('B8 a Socket.IO session counts once, however many requests and transports it uses', async () => {
    await using server = await startServer({ flags: ['--max-connections-per-address', '1'] });
    const upgrading = await connectSocketIo(server.url, { name: 'upgrader' }, { transports: ['polling', 'websocket'] });
    await expect.poll(() => upgrading.socket.io.engine.transport.name).toBe('websocket');
    expect((await ask(server, polling)).status).toBe(429);
    await upgrading.close();
    await expect.poll(async () => (await ask(server, polling)).status).toBe(200);
  });

  test('B8 polling sessions whose TCP connections are gone still count', async () => {
    await using server = await startWith('--max-connections-per-address');
    for (let index = 0; index < flags['--max-connections-per-address']; index += 1) await openPolling(server);
    for (const none of ['', '&sid=', '&sid', '&sid=x&sid=', '#&sid=x', '#?sid=x']) {
      const text = `GET ${polling}${none} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      expect(await answerTo(server, text), none).toMatch(/^HTTP\/1\.1 429 /);
    }
  });
});

// In concurrent tests `expect.poll` may pick another test as its own, or none at all, so they wait with `vi.waitFor`.
describe.concurrent('B9 a connection without a session', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startWith('--handshake-timeout-ms');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('B9 at /ws is closed with 4408, and not too early; with a session it stays', async () => {
    await using stays = await connectJsonRpc(server.url, { name: 'stays' });
    const start = performance.now();
    await using late = await openRawWebSocket(server.port, '/ws');
    expect(await late.closeCode).toBe(4408);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(flags['--handshake-timeout-ms'] - 50);
    expect(took).toBeLessThan(LATE_MS);
    expect(await outcome(stays, 'session.get', {})).toBe('ok');
  });

  test.each([
    ['before the namespace is open', false],
    ['in the namespace', true],
  ])('B9 at the Socket.IO transport, %s, is closed', async (_when, isConnected) => {
    const start = performance.now();
    await using late = await openEngineIo(server.port, { isConnected });
    await late.closeCode;
    expect(performance.now() - start).toBeLessThan(LATE_MS);
  });

  test.each(['socket.io', 'websocket'] as const)('B9 an SDK client (%s) signs in however late', async (transport) => {
    const client = createClient({ url: server.url, transport });
    client.connect();
    await vi.waitFor(() => expect(client.state.get().status).toBe('signed-out'), LATE_MS);
    // While the user reads the nickname form, the server closes the connection.
    await new Promise((resolve) => setTimeout(resolve, flags['--handshake-timeout-ms'] * 1.6));
    expect(client.state.get()).toEqual({ status: 'signed-out' });
    await client.signIn({ name: `late ${transport.replace('.', ' ')}` });
    expect(client.state.get().status).toBe('online');
    await client.close();
  });

  test('B9 over polling is closed too', async () => {
    const session = await openPolling(server);
    await vi.waitFor(async () => expect((await ask(server, session)).text).toContain('Session ID unknown'), LATE_MS);
  });
});

describe.concurrent('B10 a client that does not answer heartbeats', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startWith('--heartbeat-ms');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(['/ws', '/', '/socket.io/?EIO=4&transport=websocket'])('B10 at %s is closed', async (path) => {
    const start = performance.now();
    await using silent = await openRawWebSocket(server.port, path);
    await silent.closeCode;
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(flags['--heartbeat-ms'] - 50);
    expect(took).toBeLessThan(LATE_MS);
  });

  test('B10 over polling loses its session', async () => {
    const session = await openPolling(server);
    await ask(server, session, '40');
    await new Promise((resolve) => setTimeout(resolve, 2 * flags['--heartbeat-ms'] + 300));
    expect((await ask(server, session)).status).toBe(400);
  });
});

describe.concurrent('B11 B12 the head of a request', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startWith('--max-head-bytes', '--head-timeout-ms', '--request-timeout-ms');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(['/healthz', '/ws', '/', '/socket.io/?EIO=4&transport=websocket', '/api/events'])(
    'B11 whose %s is too large is answered with 431',
    async (path) => {
      const head = (bytes: number) =>
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Padding: ${'x'.repeat(bytes)}\r\n\r\n`;
      expect(await answerTo(server, head(flags['--max-head-bytes']))).toMatch(/^HTTP\/1\.1 431 /);
      expect(await answerTo(server, head(flags['--max-head-bytes'] - 500))).not.toContain('431');
    },
  );

  test.each([
    ['nothing at all', ''],
    ['half a line', 'GE'],
    ['half a head', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n'],
    ['half a handshake of /ws', 'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'],
    ['half a handshake of Socket.IO', 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\n'],
    ['half a body', 'POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"name"'],
  ])('B12 of which %s arrives in time is answered with 408', async (_what, text) => {
    const start = performance.now();
    expect(await answerTo(server, text)).toMatch(/^HTTP\/1\.1 408 /);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(flags['--head-timeout-ms'] - 50);
    expect(took).toBeLessThan(LATE_MS);
  });

  test('B12 that arrives byte by byte is still answered with 408', async () => {
    const socket = connect(server.port, 'localhost');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const drip = setInterval(() => socket.write('x'), 50);
    socket.write('GET /healthz HTTP/1.1\r\nX-Slow: ');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    clearInterval(drip);
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });
});

test('B13 rooms of one user: one too many is a conflict, while repeats of earlier calls are answered', async () => {
  await using server = await startWith('--max-rooms-per-user');
  await using owner = await connectHttp(server.url, { name: 'owner' });
  await using other = await connectHttp(server.url, { name: 'other' });
  const { user } = await call(owner, 'session.get', {});
  const { user: otherUser } = await call(other, 'session.get', {});
  const create = { name: 'second', clientId: 'a-room' };
  const { room } = await call(owner, 'room.create', create);
  // The lobby is one of the three.
  const { room: direct } = await call(owner, 'direct.open', { user: otherUser.id });
  const { room: elsewhere } = await call(other, 'room.create', { name: 'elsewhere' });
  const refusals = [
    await owner.ask('room.create', { name: 'one too many' }),
    await owner.ask('room.join', { room: elsewhere.id }),
    await other.ask('room.invite', { room: elsewhere.id, user: user.id }),
  ];
  for (const { error } of refusals) expect(error).toMatchObject({ code: 'conflict' });
  const { token } = await startGuest(server.url, 'third');
  await using third = await connectHttp(server.url, { token });
  expect(await outcome(third, 'direct.open', { user: user.id })).toBe('conflict');
  // A repeat is no error here either.
  expect((await call(owner, 'room.create', create)).room.id).toBe(room.id);
  expect((await call(owner, 'room.join', { room: room.id })).room.id).toBe(room.id);
  expect((await call(owner, 'room.invite', { room: room.id, user: user.id })).room.id).toBe(room.id);
  expect((await call(other, 'direct.open', { user: user.id })).room.id).toBe(direct.id);
  await call(owner, 'room.leave', { room: room.id });
  expect(await outcome(owner, 'room.join', { room: elsewhere.id })).toBe('ok');
});

test('B14 B15 pages: a bounded number of entries and bytes of text, with `more`; larger pages can’t be requested', async () => {
  await using server = await startServer({ flags: ['--limits', 'off'] });
  await using client = await connectJsonRpc(server.url, { name: 'writer' });
  const small = (await call(client, 'room.create', { name: 'small' })).room.id;
  const large = (await call(client, 'room.create', { name: 'large' })).room.id;
  const fill = (room: string, count: number, text: string) =>
    Promise.all(Array.from({ length: count }, () => call(client, 'message.send', { room, text })));
  await fill(small, 240, 'x');
  await fill(large, 60, 'x'.repeat(8000));
  for (const name of ['log.read', 'message.list', 'room.list', 'member.list']) {
    const input = { ...(name !== 'room.list' && { room: small }), ...(name === 'log.read' && { after: 0 }) };
    expect(await outcome(client, name, { ...input, limit: 200 }), name).toBe('ok');
    const { error } = await client.ask(name, { ...input, limit: 201 });
    expect(error, name).toMatchObject({ code: 'invalid_input', details: { issues: [{ path: 'limit' }] } });
  }
  const page = await call(client, 'log.read', { room: small, after: 0, limit: 200 });
  expect([page.events.length, page.more]).toEqual([200, true]);
  const list = await call(client, 'message.list', { room: small, limit: 200 });
  expect([list.messages.length, list.more]).toEqual([200, true]);
  const heavy = await call(client, 'log.read', { room: large, after: 0, limit: 200 });
  expect(heavy.more).toBe(true);
  expect(JSON.stringify(heavy).length).toBeLessThan(200_000);

  const cursors = { [small]: 0, [large]: 0 };
  const synced: CommandOutput<'sync'> = await call(client, 'sync', { cursors });
  expect(JSON.stringify(synced).length).toBeLessThan(400_000);
  const events = Object.values(synced.rooms).flatMap((room) => ('events' in room ? room.events : []));
  expect(events.length).toBeLessThanOrEqual(200);
  expect(Object.values(synced.rooms).every((room) => 'more' in room && room.more)).toBe(true);
  const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`room${index}`, 0]));
  const { error } = await client.ask('sync', { cursors: many });
  expect(error).toMatchObject({ code: 'invalid_input', details: { issues: [{ path: 'cursors' }] } });
});
