import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startBrowser } from '../support/browser.ts';
import { Disposables } from '../support/disposables.ts';
import { call, type TransportClient } from '../support/transport-client.ts';
import { transports, pythonTransports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { isLong } from '../support/long.ts';
import { connectLine } from '../support/line-client.ts';
import { openRawWebSocket, type RawWebSocket } from '../support/raw-web-socket.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';
const SEND_BUFFER_BYTES = 256 * 1024;
const MAX_FRAME_BYTES = 65_536;

let server: TestServer;
beforeAll(async () => {
  const bounds = ['--send-buffer-bytes', `${SEND_BUFFER_BYTES}`, '--max-frame-bytes', `${MAX_FRAME_BYTES}`];
  server = await startServer({ flags: ['--limits', 'off', '--compression', 'on', ...bounds] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Opens a WebSocket by hand and starts a guest's session, at either transport. */
const rawTransports: Record<string, (token: string, headers?: string[]) => Promise<RawWebSocket>> = {
  '/ws': async (token, headers = []) => {
    const client = await openRawWebSocket(server.port, '/ws', [`Authorization: Bearer ${token}`, ...headers]);
    client.send('{"jsonrpc":"2.0","id":1,"method":"session.get"}');
    await client.frames.until(() => textsOf(client).some((text) => text.includes('"id":1')));
    return client;
  },
  'Socket.IO': async (token, headers = []) => {
    const client = await openRawWebSocket(server.port, '/socket.io/?EIO=4&transport=websocket', headers);
    client.send(`40${JSON.stringify({ token })}`);
    await client.frames.until(() => textsOf(client).some((text) => text.includes('session.started')));
    return client;
  },
};

/** The window of each connection: that many bytes of earlier text may be repeated. */
const WINDOW_BYTES = 2 ** 12;

/** What was inflated of each connection so far. */
const inflated = new WeakMap<RawWebSocket, { texts: string[]; frames: number; window: Buffer }>();

/**
 * All texts received. Compressed ones are inflated as a client does it, with one 4 KiB window for the whole connection.
 */
function textsOf(client: RawWebSocket): string[] {
  const state = inflated.get(client) ?? { texts: [], frames: 0, window: Buffer.alloc(0) };
  inflated.set(client, state);
  for (const { opcode, payload, isCompressed } of client.frames.all.slice(state.frames)) {
    state.frames += 1;
    if (opcode !== 1) continue;
    if (!isCompressed) {
      state.texts.push(payload.toString());
      continue;
    }
    const text = inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
      windowBits: 12,
      finishFlush: constants.Z_SYNC_FLUSH,
      dictionary: state.window,
    });
    state.window = Buffer.concat([state.window, text]).subarray(-WINDOW_BYTES);
    state.texts.push(text.toString());
  }
  return state.texts;
}

function deflate(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The messages of a room that a client received. */
function heard(client: TransportClient, room: string): [unknown, string][] {
  return client.events.all
    .filter(({ name, body }) => name === 'message.created' && body['room'] === room)
    .map(({ body }) => [body['seq'], (body['message'] as { text: string }).text]);
}

test('D2 clients with and without compression are in one room, and receive the same in order', async () => {
  await using everyone = new Disposables();
  const all = Object.entries({ ...transports, ...pythonTransports });
  const here = await Promise.all(
    all.map(async ([name, connect], index) => ({
      name,
      client: everyone.use(await connect(server.url, { name: `packed ${index}` })),
    })),
  );
  const line = everyone.use(await connectLine(server.url));
  expect(line.webSocket.extensions).toBe('permessage-deflate');
  const first = here[0]?.client as TransportClient;
  const { room } = await call(first, 'room.create', { name: 'packed' });
  for (const { client } of here) await call(client, 'room.join', { room: room.id });
  const guest = await startGuest(server.url, 'plain one');
  await call(first, 'room.invite', { room: room.id, user: guest.user.id });
  const raw = await Promise.all(
    Object.values(rawTransports).flatMap((open) => [open(guest.token), open(guest.token, [OFFER])]),
  );
  for (const each of raw) everyone.use(each);
  line.say(`/join ${room.id}`);
  await line.lines.first((text) => text.startsWith(room.id));

  // Bursts make batches; the sizes cross every threshold, and the texts several windows.
  for (let round = 0; round < 8; round += 1) {
    await Promise.all(
      here.flatMap(({ name, client }) =>
        [1, 40, 700, 6000].map((length) =>
          call(client, 'message.send', {
            room: room.id,
            text: `${name} ${'마당 workspace '.repeat(length / 17)}${round}`,
          }),
        ),
      ),
    );
  }
  const log: [unknown, string][] = [];
  for (let more = true, after = 0; more;) {
    const page = await call(first, 'message.list', { room: room.id, after, limit: 200 });
    log.push(...page.messages.map(({ seq, text }): [number, string] => [seq, text]));
    more = page.more;
    after = page.messages.at(-1)?.seq ?? after;
  }
  expect(log.length).toBe(here.length * 8 * 4);
  for (const { name, client } of here) {
    await client.events.until(() => heard(client, room.id).length >= log.length);
    expect(heard(client, room.id), name).toEqual(log);
  }
  await line.lines.until(
    (lines) => lines.filter((text) => text.includes(' workspace ')).length >= (log.length * 3) / 4,
  );
  for (const client of raw) {
    const said = () =>
      textsOf(client).flatMap((text) => {
        const at = text.indexOf('"message.created"');
        return at < 0 ? [] : [/"seq":(\d+)/.exec(text)?.[1]];
      });
    await expect.poll(() => said().at(-1), { timeout: 10_000 }).toBe(String(log.at(-1)?.[0]));
    expect(said()).toEqual(log.map(([seq]) => String(seq)));
  }
}, 60_000);

describe.each(Object.entries(rawTransports))('at %s', (transport, open) => {
  test('a batch and a page take fewer bytes on the wire', async () => {
    await using everyone = new Disposables();
    const sender = everyone.use(await transports['/ws'](server.url, { name: `bytes ${transport.replace('/', '')}` }));
    const { room } = await call(sender, 'room.create', { name: `bytes ${transport}` });
    const guest = await startGuest(server.url, `counts ${transport.replace('/', '')}`);
    await call(sender, 'room.invite', { room: room.id, user: guest.user.id });
    const plain = everyone.use(await open(guest.token));
    const packed = everyone.use(await open(guest.token, [OFFER]));
    expect(plain.extensions).toBe('');
    expect(packed.extensions).toContain('permessage-deflate');
    expect(packed.extensions).toContain('client_no_context_takeover');
    const measure = async (what: () => unknown, isLast: (text: string) => boolean) => {
      const before = [plain, packed].map(({ socket, frames }) => ({
        bytes: socket.bytesRead,
        frames: frames.all.length,
      }));
      await what();
      for (const client of [plain, packed]) await client.frames.until(() => textsOf(client).some(isLast));
      const [a, b] = [plain, packed].map(({ socket }, index) => socket.bytesRead - (before[index]?.bytes ?? 0));
      return (b as number) / (a as number);
    };
    const texts = Array.from({ length: 40 }, (_each, index) => `said as number ${index}`);
    const burst = await measure(
      () => Promise.all(texts.map((text) => call(sender, 'message.send', { room: room.id, text }))),
      (text) => text.includes('said as number 39'),
    );
    expect(burst).toBeLessThan(0.7);
    const ask = { room: room.id, limit: 50 };
    const page = await measure(
      () => {
        for (const client of [plain, packed]) {
          if (transport === '/ws')
            client.send(JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'message.list', params: ask }));
          else client.send(`429${JSON.stringify(['message.list', ask])}`);
        }
      },
      (text) => text.includes('"messages":['),
    );
    expect(page).toBeLessThan(0.4);
    // Not the beginning of the session, which has the time.
    const said = (client: RawWebSocket) =>
      textsOf(client).filter((text) => text.includes('created') && !text.includes('"epoch"'));
    expect(said(packed)).toEqual(said(plain));
  });

  test.runIf(isLong || transport === '/ws')(
    'D5 B6 a client that stopped reading gets room.behind when it reads again',
    async () => {
      await using everyone = new Disposables();
      const sender = everyone.use(
        await transports['/ws'](server.url, { name: `floods ${transport.replace('/', '')}` }),
      );
      const { room } = await call(sender, 'room.create', { name: `flood ${transport}` });
      const guest = await startGuest(server.url, `slow ${transport.replace('/', '')}`);
      await call(sender, 'room.invite', { room: room.id, user: guest.user.id });
      const slow = everyone.use(await open(guest.token, [OFFER]));
      slow.socket.pause();
      let head = 0;
      // Random texts: what waits is what is left after compression.
      for (let sent = 0; sent < 16 * 1024 * 1024; sent += 8000 * 20) {
        const answers = await Promise.all(
          Array.from({ length: 20 }, () =>
            call(sender, 'message.send', { room: room.id, text: randomBytes(6000).toString('base64') }),
          ),
        );
        head = Math.max(...answers.map(({ message }) => message.seq));
      }
      const plainTexts = slow.texts;
      slow.socket.resume();
      await plainTexts.first((text) => text.includes(`"room":"${room.id}","head":${head}`));
      expect(slow.frames.all.filter(({ isCompressed }) => isCompressed).length).toBeLessThan(head);
      const { message } = await call(sender, 'message.send', { room: room.id, text: 'live again' });
      await slow.frames.until((frames) => frames.at(-1)?.isCompressed === true);
      expect(message.seq).toBeGreaterThan(head);
    },
    60_000,
  );

  test('a token is never in a compressed message', async () => {
    await using everyone = new Disposables();
    const maker = everyone.use(await transports['/ws'](server.url, { name: `maker ${transport.replace('/', '')}` }));
    const guest = await startGuest(server.url, `member ${transport.replace('/', '')}`);
    for (let index = 0; index < 8; index += 1) {
      const { room } = await call(maker, 'room.create', {
        name: `of many ${transport} ${index}`,
        topic: 'long '.repeat(40),
      });
      await call(maker, 'room.invite', { room: room.id, user: guest.user.id });
    }
    const client = everyone.use(await open(guest.token, [OFFER]));
    const ask = { token: guest.token };
    if (transport === '/ws')
      client.send(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'session.start', params: ask }));
    else client.send(`427${JSON.stringify(['session.start', ask])}`);
    const text = await client.texts.first((each) => each.includes('"token":'));
    expect(text.length).toBeGreaterThan(1024);
  });
});

test('a real browser negotiates it and receives bursts in order', async () => {
  const browser = await startBrowser();
  try {
    await using sender = await transports['/ws'](server.url, { name: 'to browsers' });
    const page = await browser.newPage();
    await page.goto(`${server.url}/healthz`);
    await page.evaluate(
      async (url) => {
        const socket = new globalThis.WebSocket(url);
        const state = { socket, seqs: [] as number[] };
        Object.assign(window, { state });
        await new Promise((resolve) => socket.addEventListener('open', resolve));
        await new Promise<void>((resolve) => {
          socket.addEventListener('message', ({ data }) => {
            const message = JSON.parse(String(data)) as { id?: number; method?: string; params: { seq: number } };
            if (message.id === 1) resolve();
            if (message.method === 'message.created') state.seqs.push(message.params.seq);
          });
          socket.send('{"jsonrpc":"2.0","id":1,"method":"session.start","params":{"name":"in a browser"}}');
        });
      },
      `${server.url.replace('http', 'ws')}/ws`,
    );
    const sent: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const texts = Array.from(
        { length: 30 },
        (_each, index) => `browser ${round} ${index} ${'길다 '.repeat(index * 9)}`,
      );
      const answers = await Promise.all(texts.map((text) => call(sender, 'message.send', { room: 'lobby', text })));
      sent.push(...answers.map(({ message }) => message.seq));
    }
    const look = () =>
      page.evaluate(() => {
        const { socket, seqs } = (window as unknown as { state: { socket: WebSocket; seqs: number[] } }).state;
        return { extensions: socket.extensions, seqs };
      });
    await expect.poll(async () => (await look()).seqs.length).toBe(300);
    const { extensions, seqs } = await look();
    expect(extensions).toContain('permessage-deflate');
    expect(seqs).toEqual(sent.sort((a, b) => a - b));
  } finally {
    await browser.close();
  }
}, 60_000);

describe('what clients offer', () => {
  test.each([
    ['permessage-deflate', true],
    ['permessage-deflate; server_max_window_bits=12; client_max_window_bits=12', true],
    ['permessage-deflate; server_no_context_takeover, permessage-deflate', true],
    ['permessage-deflate; server_no_context_takeover', false],
    ['permessage-deflate; server_max_window_bits=9', false],
    ['permessage-deflate; what_is_this', false],
    ['x-webkit-deflate-frame', false],
    ['; = ,', false],
  ])('%s', async (offer, isTaken) => {
    await using client = await openRawWebSocket(server.port, '/ws', [`Sec-WebSocket-Extensions: ${offer}`]);
    expect(client.extensions.includes('permessage-deflate')).toBe(isTaken);
    client.send('{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}');
    await client.texts.first((text) => text.includes('"id":1'));
  });

  test('with the setting off nobody gets it', async () => {
    await using off = await startServer();
    await using client = await openRawWebSocket(off.port, '/ws', [OFFER]);
    expect(client.extensions).toBe('');
    client.send(deflate('{}'), { rsv: 4 });
    expect(await client.closeCode).toBe(1002);
    const answer = await fetchRaw(`${off.url}/api/openapi.json`, 'gzip');
    expect(answer.headers['content-encoding']).toBeUndefined();
  });
});

describe('messages from clients', () => {
  const ping = (id: number, filler = '') => `{"jsonrpc":"2.0","id":${id},"method":"rpc.ping","filler":"${filler}"}`;

  test('are read compressed or not, whole or in fragments, at once', async () => {
    await using client = await openRawWebSocket(server.port, '/ws', [OFFER]);
    for (let id = 0; id < 60; id += 3) {
      client.send(deflate(ping(id)), { rsv: 4 });
      client.send(ping(id + 1));
      const payload = deflate(ping(id + 2, 'filler '.repeat(100)));
      client.send(payload.subarray(0, 9), { rsv: 4, fin: false });
      client.send(payload.subarray(9), { opcode: 0 });
    }
    await client.texts.until((texts) => texts.length === 60);
    const ids = client.texts.all.map((text) => (JSON.parse(text) as { id: number }).id);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_each, index) => index));
  });

  test('B1 a message of the largest size is read, one byte more closes with 1009, whole or in fragments', async () => {
    const largest = ping(2, 'x'.repeat(MAX_FRAME_BYTES - ping(2).length));
    // Without a session less is read.
    const { token } = await startGuest(server.url, 'speaks at length');
    const open = () => openRawWebSocket(server.port, '/ws', [`Authorization: Bearer ${token}`, OFFER]);
    await using client = await open();
    client.send(deflate(largest), { rsv: 4 });
    await client.texts.first((text) => text.includes('"id":2'));
    client.send(deflate(`${largest} `), { rsv: 4 });
    expect(await client.closeCode).toBe(1009);
    await using other = await open();
    const payload = deflate(`${largest} `);
    other.send(payload.subarray(0, 20), { rsv: 4, fin: false });
    other.send(payload.subarray(20), { opcode: 0 });
    expect(await other.closeCode).toBe(1009);
  });

  test.each(Object.entries({ '/ws': '/ws', 'Socket.IO': '/socket.io/?EIO=4&transport=websocket', line: '/' }))(
    'bombs close with 1009, broken data with 1007, at %s; no other client is affected',
    async (_transport, path) => {
      await using other = await transports['Socket.IO'](server.url, { name: `beside ${path.slice(1, 3)}` });
      const bomb = deflate(Buffer.alloc(40 * 1024 * 1024));
      const started = performance.now();
      for (let round = 0; round < 10; round += 1) {
        await using client = await openRawWebSocket(server.port, path, [OFFER]);
        client.send(bomb, { rsv: 4 });
        expect(await client.closeCode).toBe(1009);
      }
      expect(performance.now() - started).toBeLessThan(5000);
      for (let round = 0; round < 40; round += 1) {
        await using client = await openRawWebSocket(server.port, path, [OFFER]);
        // A block of an unknown kind, then anything.
        client.send(Buffer.concat([Buffer.from([0x07]), randomBytes(round * 7)]), { rsv: 4 });
        expect(await client.closeCode).toBe(1007);
      }
      for (let round = 0; round < 40; round += 1) {
        await using client = await openRawWebSocket(server.port, path, [OFFER]);
        client.send(randomBytes(1 + round * 11), { rsv: 4, fin: round % 2 === 0 });
        client.send(randomBytes(5), { rsv: 4, opcode: round % 3 });
        client.socket.end();
        expect([0, 1002, 1005, 1007]).toContain(await client.closeCode);
      }
      await call(other, 'message.send', { room: 'lobby', text: 'still here' });
    },
  );

  test('leave no stream behind: connections that have sent messages cost as much as silent ones', async () => {
    await using everyone = new Disposables();
    const clients: RawWebSocket[] = [];
    const speak = (client: RawWebSocket, id: number, isWhole: boolean) => {
      const payload = deflate(ping(id));
      if (isWhole) client.send(payload, { rsv: 4 });
      else {
        client.send(payload.subarray(0, 9), { rsv: 4, fin: false });
        client.send(payload.subarray(9), { opcode: 0 });
      }
      return client.texts.first((text) => text.includes(`"id":${id}`));
    };
    for (let index = 0; index < 1500; index += 1) {
      const client = everyone.use(await openRawWebSocket(server.port, '/ws', [OFFER]));
      // Otherwise a second fragment waits for the first one's acknowledgement.
      client.socket.setNoDelay();
      clients.push(client);
    }
    // Warm up first: what the server itself keeps is not measured.
    for (let id = 0; id < 2000; id += 1) await speak(clients[0] as RawWebSocket, id, id % 2 === 0);
    const before = residentBytes(server.pid());
    for (const [index, client] of clients.entries()) await speak(client, 5000 + index, index % 2 === 0);
    // Measured 1 MiB; with a zlib stream for each it would be 15 and more.
    expect((residentBytes(server.pid()) - before) / 1024 / 1024).toBeLessThan(8);
  });
});

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** A GET whose answer is not decompressed. */
async function fetchRaw(url: string, accept: string, headers: Record<string, string> = {}) {
  const request = get(url, { headers: { 'accept-encoding': accept, ...headers } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return { status: response.statusCode, headers: response.headers, bytes };
}

describe('over HTTP', () => {
  test('large answers are compressed for clients that accept it; small ones, tokens and streams are not', async () => {
    const { token } = await startGuest(server.url, 'over http');
    const authorization = `Bearer ${token}`;
    await using sender = await transports.HTTP(server.url, { token });
    for (let index = 0; index < 20; index += 1)
      await call(sender, 'message.send', { room: 'lobby', text: `no ${index}` });
    const url = `${server.url}/api/rooms/lobby/messages?limit=50`;
    const plain = await fetchRaw(url, 'identity', { authorization });
    const packed = await fetchRaw(url, 'gzip, deflate, br', { authorization });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers['vary']).toMatch(/accept-encoding/i);
    expect(packed.bytes / plain.bytes).toBeLessThan(0.45);
    // fetch() decompresses on its own.
    const decoded = (await (await fetch(url, { headers: { authorization } })).json()) as { messages: unknown[] };
    expect(decoded.messages.length).toBeGreaterThanOrEqual(20);

    expect((await fetchRaw(`${server.url}/healthz`, 'gzip')).headers['content-encoding']).toBeUndefined();
    for (let index = 0; index < 8; index += 1)
      await call(sender, 'room.create', { name: `http ${index}`, topic: 'long '.repeat(40) });
    const start = await fetch(`${server.url}/api/session`, { method: 'POST', body: JSON.stringify({ token }) });
    expect((await start.text()).length).toBeGreaterThan(1024);
    expect(start.headers.get('content-encoding')).toBeNull();
    const stop = new AbortController();
    const stream = await fetch(`${server.url}/api/events`, { headers: { authorization }, signal: stop.signal });
    expect(stream.headers.get('content-encoding')).toBeNull();
    stop.abort();
  });

  test("the web client's files are compressed with the setting off too", async () => {
    await using off = await startServer();
    const page = await (await fetch(off.url)).text();
    const script = `${off.url}/${/assets\/start-[\w.-]+\.js/.exec(page)?.[0]}`;
    const plain = await fetchRaw(script, 'identity');
    for (const [accept, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
    ] as const) {
      const packed = await fetchRaw(script, accept);
      expect(packed.headers['content-encoding']).toBe(encoding);
      expect(packed.bytes / plain.bytes).toBeLessThan(0.4);
      for (const name of ['content-type', 'cache-control', 'vary'] as const) {
        expect(packed.headers[name], name).toBe(plain.headers[name]);
      }
      const again = await fetchRaw(script, accept, { 'if-none-match': packed.headers.etag ?? '' });
      expect(again).toMatchObject({ status: 304, bytes: 0 });
      const decoded = await (await fetch(script, { headers: { 'accept-encoding': accept } })).arrayBuffer();
      expect(decoded.byteLength).toBe(plain.bytes);
    }
    expect((await fetchRaw(script, 'br', { range: 'bytes=0-9' })).bytes).toBe(10);
    expect((await fetchRaw(`${off.url}/`, 'br')).headers['content-encoding']).toBe('br');
    expect((await fetchRaw(`${off.url}/socket.io/socket.io.js`, 'br')).headers['content-encoding']).toBe('br');
    expect((await fetchRaw(`${off.url}/assets/none.js`, 'br')).status).toBe(404);
    expect((await fetchRaw(`${off.url}/assets/..%2f..%2fpackage.json`, 'br')).status).toBe(404);
  });
});

test('a stock client of ws negotiates, and what it sends compressed is read', async () => {
  const webSocket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { perMessageDeflate: { threshold: 0 } });
  await once(webSocket, 'open');
  expect(webSocket.extensions).toBe('permessage-deflate');
  webSocket.send('{"jsonrpc":"2.0","id":5,"method":"rpc.ping"}', { compress: true });
  const [data] = (await once(webSocket, 'message')) as [Buffer];
  expect(JSON.parse(data.toString())).toMatchObject({ id: 5, result: {} });
  webSocket.terminate();
});
