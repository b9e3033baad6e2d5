import { type Client, createClient } from '@madang/client';
import express from 'express';
import { createMadang, type Madang, type MadangOptions } from 'madang';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { execFile } from 'node:child_process';
import { type AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { call, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);

/** The users that the host app knows by its cookie. */
const users: Record<string, { id: string; name: string }> = {
  'app=minsu': { id: 'minsu', name: 'Minsu' },
  'app=dawn': { id: 'dawn', name: '새벽별' },
};

const folders = [tempFolder(), tempFolder(), tempFolder()];
let server: Server;
let own: WebSocketServer;
let url: string;
const workspaces: Madang[] = [];
/** Requests that `authenticate` was asked about. */
let asked: IncomingMessage[] = [];

/** Users that the host app knows by its own token, or by a header that its backend sends. */
function appUser(request: IncomingMessage): { id: string; name: string } | null {
  asked.push(request);
  if (request.headers.authorization === 'Bearer broken') throw new Error('the app is broken');
  const id = request.headers['x-user'] ?? /^Bearer app-(.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (id !== undefined) return { id: decodeURIComponent(String(id)), name: `App ${asked.length}` };
  return users[request.headers.cookie ?? ''] ?? null;
}

beforeAll(async () => {
  const app = express();
  server = createServer(app);
  const start = async (path: string, options: MadangOptions) => {
    const madang = await createMadang({ path, logLevel: 'warn', limits: false, ...options });
    app.use(path, madang.router);
    madang.attach(server);
    workspaces.push(madang);
  };
  app.get('/', (_request, response) => void response.send('the host app'));
  app.get('/slow', (_request, response) => void setTimeout(() => response.send('slowly'), 50));
  app.get('/a-neighbour', (_request, response) => void response.send('not below /a'));
  await start('/a', { data: folders[0]?.path ?? '' });
  await start('/b', { data: folders[1]?.path ?? '' });
  await start('/members', {
    data: folders[2]?.path ?? '',
    authenticate: appUser,
  });
  app.use((_request, response) => void response.status(404).send('the host has no such page'));
  // The host's own WebSocket, at its own path.
  own = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/own')
      own.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('from the host'));
  });
  server.listen(0);
  await once(server, 'listening');
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await Promise.all(workspaces.map((madang) => madang.close()));
  server.closeAllConnections();
  server.close();
  for (const folder of folders) folder[Symbol.dispose]();
});

describe('two workspaces in one process', () => {
  test.each(transportNames)('do not disturb each other, at %s', async (transport) => {
    const connect = (path: string) =>
      transport.startsWith('Socket.IO')
        ? connectSocketIo(
            url,
            { name: 'the same name' },
            {
              path: `${path}/socket.io/`,
              transports: [transport === 'Socket.IO' ? 'websocket' : 'polling'],
            },
          )
        : transports[transport](`${url}${path}`, { name: 'the same name' });
    // The same name in both: they share nothing.
    const [a, b] = await Promise.all([connect('/a'), connect('/b')]);
    const { room } = await call(a, 'room.create', { name: `only in a, ${transport}` });
    await call(a, 'message.send', { room: 'lobby', text: `said in a, ${transport}` });
    await call(b, 'message.send', { room: 'lobby', text: `said in b, ${transport}` });
    await b.events.first((event) => JSON.stringify(event).includes('said in b'));
    await a.events.first((event) => JSON.stringify(event).includes('said in a'));
    expect(JSON.stringify(b.events.all)).not.toContain('said in a');
    expect(JSON.stringify(a.events.all)).not.toContain('said in b');
    expect(await outcome(b, 'room.get', { room: room.id })).toBe('not_found');
    const [first, second] = await Promise.all([call(a, 'session.get', {}), call(b, 'session.get', {})]);
    expect(first.user.id).not.toBe(second.user.id);
    for (const client of [a, b]) {
      await client.ask('session.end', {}).catch(() => undefined);
      await client.close();
    }
  });

  test('have separate cookies: each is sent only to its own path', async () => {
    const set = async (path: string) => {
      const response = await fetch(`${url}${path}/api/session`, { method: 'POST', body: '{"name":"cookie"}' });
      return response.headers.get('set-cookie') ?? '';
    };
    expect(await set('/a')).toContain('; Path=/a;');
    expect(await set('/b')).toContain('; Path=/b;');
  });

  test('line mode is at each path', async () => {
    for (const path of ['/a', '/a/', '/b']) {
      const webSocket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
      const [greeting] = (await once(webSocket, 'message')) as [Buffer];
      expect(greeting.toString()).toMatch(/guest-\d+/);
      webSocket.close();
    }
  });

  test('their documents name the path of each', async () => {
    for (const path of ['/a', '/b']) {
      const openApi = (await (await fetch(`${url}${path}/api/openapi.json`)).json()) as { servers: [{ url: string }] };
      expect(openApi.servers[0].url).toBe(`${path}/api`);
      const asyncApi = (await (await fetch(`${url}${path}/api/asyncapi.json`)).json()) as {
        servers: Record<string, { pathname: string }>;
      };
      expect(
        Object.values(asyncApi.servers)
          .map(({ pathname }) => pathname)
          .sort(),
      ).toEqual([`${path}/socket.io/`, `${path}/ws`]);
    }
  });
});

describe('the host app', () => {
  test.each([
    ['/', 200, 'the host app'],
    ['/a-neighbour', 200, 'not below /a'],
    ['/nosuch', 404, 'the host has no such page'],
    ['/api/rooms', 404, 'the host has no such page'],
    ['/healthz', 404, 'the host has no such page'],
  ])('answers %s itself, without our headers', async (path, status, text) => {
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-security-policy')).toBeNull();
  });

  test('keeps its own WebSocket', async () => {
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}/own`);
    const [text] = (await once(webSocket, 'message')) as [Buffer];
    expect(text.toString()).toBe('from the host');
    webSocket.close();
  });

  test.each(['/ws', '/socket.io/?EIO=4&transport=websocket', '/a-neighbour/ws', '/ab', '/'])(
    'keeps the upgrade at %s, which is not ours',
    async (path) => {
      const webSocket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
      webSocket.on('error', () => undefined);
      const fence = new WebSocket(`${url.replace('http', 'ws')}/own`);
      await once(fence, 'message');
      expect(webSocket.readyState).toBe(WebSocket.CONNECTING);
      webSocket.terminate();
      fence.close();
    },
  );
});

describe('an upgrade to another protocol is ignored', () => {
  const h2c = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

  test.each([
    ['the host’s page', '/', 'the host app'],
    ['a page that the host does not have', '/nosuch', 'the host has no such page'],
    ['a route of ours', '/a/healthz', '"ok"'],
    ['the path of our WebSocket', '/a/ws', '"status":426'],
    ['an unknown path of ours', '/b/nosuch', '"code":"not_found"'],
  ])('at %s', async (_what, path, text) => {
    expect(await exchange(`GET ${path} HTTP/1.1\r\n${h2c}\r\n`)).toContain(text);
  });

  test('with a body that arrives in pieces, on a connection that stays open', async () => {
    const body = JSON.stringify({ name: 'upgraded' });
    const post = `POST /a/api/session HTTP/1.1\r\n${h2c}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const get = `GET / HTTP/1.1\r\nHost: x\r\n\r\n`;
    const answers = await exchange(post + body.slice(0, 5), body.slice(5) + get + get, `GET / HTTP/1.1\r\n${h2c}\r\n`);
    expect(answers).toContain('HTTP/1.1 201');
    expect(answers.match(/the host app/g)).toHaveLength(3);
  });

  test('behind a request that is not answered yet, in order', async () => {
    const slow = 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n';
    const answers = await exchange(`${slow}${slow}GET /a/healthz HTTP/1.1\r\n${h2c}\r\n${slow}`);
    expect(answers.match(/slowly|"ok"/g)).toEqual(['slowly', 'slowly', '"ok"', 'slowly']);
  });

  test('even if the program has no listener of its own: unclaimed upgrades get one answer, ours get theirs', async () => {
    const bare = createServer((_request, response) => void response.end('once'));
    for (const madang of workspaces) madang.attach(bare);
    bare.listen(0);
    await once(bare, 'listening');
    const { port } = bare.address() as AddressInfo;
    const webSocket = h2c.replace('h2c', 'websocket');
    const answers = await exchangeAt(port, [`GET /nobodys HTTP/1.1\r\n${webSocket}\r\n`]);
    expect(answers.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answers).toContain('once');
    const client = new WebSocket(`ws://localhost:${port}/b/ws`);
    await once(client, 'open');
    client.close();
    bare.closeAllConnections();
    bare.close();
  });

  test('curl --http2 gets its answer', async () => {
    for (const path of ['/', '/a/healthz', '/a/api/openapi.json']) {
      const status = await run('curl', ['-s', '--http2', '-o', '/dev/null', '-w', '%{http_code}', `${url}${path}`]);
      expect(status.stdout, path).toBe('200');
    }
    const body = JSON.stringify({ name: 'curl' });
    const json = ['-H', 'Content-Type: application/json', '-d', body];
    const posted = await run('curl', ['-s', '--http2', ...json, `${url}/a/api/session`]);
    expect(posted.stdout).toContain('"token"');
  });

  const exchange = (...parts: string[]) => exchangeAt((server.address() as AddressInfo).port, parts);
});

/** What a server answers to bytes that arrive in pieces, until it has nothing more to say. */
async function exchangeAt(port: number, parts: string[]): Promise<string> {
  const socket = new Socket().connect(port, 'localhost');
  const answers: string[] = [];
  socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
  for (const part of parts) {
    socket.write(part);
    await sleep(50);
  }
  for (let before = 0; answers.length === 0 || answers.length > before; await sleep(200)) before = answers.length;
  socket.destroy();
  return answers.join('');
}

describe('authenticate', () => {
  const members = () => `${url}/members`;
  const as = (cookie: string, headers: Record<string, string> = {}) => ({ cookie, origin: url, ...headers });

  test('the users of the app are the users of the workspace, at every transport', async () => {
    const socketIo = await connectSocketIo(url, undefined, {
      path: '/members/socket.io/',
      transports: ['websocket'],
      extraHeaders: as('app=minsu'),
    });
    const webSocket = await connectJsonRpc(members(), undefined, as('app=dawn'));
    const sent = await fetch(`${members()}/api/rooms/lobby/messages`, {
      method: 'POST',
      headers: as('app=dawn', { 'content-type': 'application/json' }),
      body: JSON.stringify({ text: '안녕하세요' }),
    });
    expect(sent.status).toBe(201);
    for (const client of [socketIo, webSocket]) {
      const { body } = await client.events.first(({ name }) => name === 'message.created');
      expect(body).toMatchObject({ actor: { name: '새벽별' }, message: { text: '안녕하세요' } });
    }
    const [one, other] = [await call(socketIo, 'session.get', {}), await call(webSocket, 'session.get', {})];
    expect([one.user, other.user]).toMatchObject([
      { name: 'Minsu', kind: 'host' },
      { name: '새벽별', kind: 'host' },
    ]);
    // Signing out and changing a name are up to the app.
    for (const [name, input] of [
      ['session.end', {}],
      ['user.update', { name: 'Another' }],
    ] as const) {
      expect(await outcome(socketIo, name, input)).toBe('forbidden');
    }
    await socketIo.close();
    await webSocket.close();
  });

  test('users unknown to the app have no session, and guests are off', async () => {
    expect((await fetch(`${members()}/api/session`, { headers: as('app=nobody') })).status).toBe(401);
    const guest = await fetch(`${members()}/api/session`, { method: 'POST', body: '{"name":"guest"}' });
    expect(guest.status).toBe(403);
  });

  /** A request that changes something. */
  const write = (headers: Record<string, string>) =>
    fetch(`${members()}/api/presence`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"presence":"away"}',
    });

  test.each([
    ['another site', { origin: 'https://evil.example' }, /https:\/\/evil\.example.*--origins/],
    ['a sandboxed frame', { origin: 'null' }, /null/],
    ['another site, by its Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }, /cross-site/],
    ['nobody knows where, with a cookie', {}, /no Origin header/],
  ])(
    'is not asked about what a browser attaches to requests from %s, and the refusal says so',
    async (_what, from, words) => {
      asked = [];
      for (const [credentials, said] of [
        [{ cookie: 'app=minsu' }, words],
        [{ cookie: 'app=minsu', 'x-user': 'minsu' }, words],
        [{ cookie: 'app=minsu', authorization: 'Basic eDp5' }, /"Bearer <token>"/],
        [{ authorization: 'Negotiate x' }, /"Bearer <token>"/],
        [{ authorization: 'App x' }, /"Bearer <token>"/],
      ] as const) {
        const headers = { ...from, ...credentials } as Record<string, string>;
        const response = await write(headers);
        expect(response.status).toBe(401);
        expect(((await response.json()) as { detail: string }).detail).toMatch(said);
        await using client = await connectJsonRpc(members(), undefined, headers);
        const closed = once(client.webSocket, 'close');
        const { error } = await client.ask('session.get', {}).catch(async () => {
          const [code, reason] = (await closed) as [number, Buffer];
          expect([code, 'authorization' in headers, 'origin' in headers]).toEqual([4401, true, false]);
          return { error: { code: 'unauthenticated', message: reason.toString() } };
        });
        expect(error).toMatchObject({ code: 'unauthenticated', message: expect.stringMatching(said) as unknown });
      }
      expect(asked).toEqual([]);
    },
  );

  test('is called for a bearer token from any origin, in a request without cookies', async () => {
    asked = [];
    const headers = { cookie: 'app=minsu', origin: 'https://evil.example', authorization: 'Bearer app-dawn' };
    expect((await write(headers)).status).toBe(200);
    await using webSocket = await connectJsonRpc(members(), undefined, headers);
    const { user } = await call(webSocket, 'session.get', {});
    expect(user.id).toBe('u-dawn');
    expect(asked).toHaveLength(2);
    for (const request of asked) {
      expect(JSON.stringify([request.headers, request.rawHeaders, request.headersDistinct])).not.toContain('minsu');
      expect(request.headers.authorization).toBe('Bearer app-dawn');
    }
    // A bad token is refused, whatever the cookie is.
    const refused = await write(as('app=minsu', { authorization: 'Bearer nosuch' }));
    expect(refused.status).toBe(401);
  });

  test("is called for a backend's own header, which no browser sends, even on its first write", async () => {
    expect((await write({ 'x-user': 'backend' })).status).toBe(200);
    await using webSocket = await connectJsonRpc(members(), undefined, { 'x-user': 'backend' });
    expect((await call(webSocket, 'session.get', {})).user.id).toBe('u-backend');
    expect((await write({ 'x-user': 'backend', origin: url })).status).toBe(200);
    expect((await write({ 'x-user': 'backend', origin: 'https://evil.example' })).status).toBe(401);
  });

  test.each([
    ['김철수', 'u-%EA%B9%80%EC%B2%A0%EC%88%98'],
    ['kim@example.org', 'u-kim@example.org'],
    ['김철수@회사.한국', undefined],
    ['두 단어', undefined],
    ['100%', 'u-100%25'],
    ['a/b?c#d', 'u-a/b?c#d'],
    ['👩‍👩‍👧', undefined],
    ['x'.repeat(254), undefined],
    ['é'.repeat(127), undefined],
  ])('may return "%.20s" as an id, which is then the user’s id at every transport', async (id, expected) => {
    const token = `app-${encodeURIComponent(id)}`;
    const encoded = expected ?? `u-${id.replaceAll(/[^\x21-\x7e]+|%/gu, encodeURIComponent)}`;
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${members()}/api/session`, { headers });
    expect(((await response.json()) as { user: { id: string } }).user.id).toBe(encoded);
    await using webSocket = await connectJsonRpc(members(), { token });
    await using other = await connectJsonRpc(members(), { token: 'app-other' });
    const { room } = await call(other, 'direct.open', { user: encoded });
    await call(webSocket, 'message.send', { room: room.id, text: `from ${encoded.slice(0, 20)}` });
    const { body } = await other.events.first(({ name }) => name === 'message.created');
    expect(body).toMatchObject({ actor: { id: encoded } });
    await workspaces.at(-1)?.endSessions(id);
    await webSocket.closed;
  });

  test.each([
    ['nothing', ''],
    ['more than 254 bytes', 'é'.repeat(128)],
    ['half a character', '\ud83d'],
    ['a number', 42],
    ['none', undefined],
  ])('that returns %s as an id is named in the log, and affects nobody else', async (_what, id) => {
    await expect(workspaces.at(-1)?.endSessions(id as string)).rejects.toThrow(/authenticate\(\).*254 bytes/);
  });

  test.each(['socket.io', 'websocket'] as const)(
    'the SDK in Node signs in with a token of the app, by %s',
    async (transport) => {
      const client = createClient({ url: members(), transport, token: 'app-sdk' });
      client.connect();
      await untilStatus(client, 'online');
      expect(client.user.get()?.id).toBe('u-sdk');
      await client.close();
      const refused = createClient({ url: members(), transport, token: 'nosuch' });
      refused.connect();
      await untilStatus(refused, 'signed-out');
      expect(refused.state.get()).toMatchObject({
        error: { code: 'unauthenticated', message: expect.stringMatching(/token/) as unknown },
      });
      await refused.close();
    },
  );

  test('that throws fails only its own request, and reveals nothing about the reason', async () => {
    const response = await fetch(`${members()}/api/session`, { headers: { authorization: 'Bearer broken' } });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('the app is broken');
    expect((await fetch(`${members()}/healthz`)).status).toBe(200);
  });
});

async function untilStatus(client: Client, status: string): Promise<void> {
  await expect.poll(() => client.state.get().status, { timeout: 10_000 }).toBe(status);
}
