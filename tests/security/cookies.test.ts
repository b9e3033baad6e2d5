import express from 'express';
import { createMadang } from 'madang';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startGuest } from '../support/guest.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

let server: TestServer;
let cookie: string;
let cookieName: string;
let ownerToken: string;
let user: string;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off', '--origins', 'https://friend.example'] });
  const guest = await startGuest(server.url, 'cookie owner');
  ({ cookie, cookieName, token: ownerToken } = guest);
  user = guest.user.id;
});
afterAll(() => server[Symbol.asyncDispose]());

/** Headers that a browser could send. */
type Headers = Record<string, string>;

/** What a transport makes of the cookie: the user's id, or '' if there is none, with the message of the refusal. */
interface Outcome {
  id: string;
  words: string;
}

const ways: Record<string, (headers: Headers) => Promise<Outcome>> = {
  'a GET': async (headers) => outcomeOf((await send('GET', '/api/session', headers)).text),
  'a POST': async (headers) => {
    const { status, text } = await send('POST', '/api/presence', headers, '{"presence":"online"}');
    return status === 200 ? { id: user, words: '' } : outcomeOf(text);
  },
  'server-sent events': async (headers) => {
    const { status, text } = await send('GET', '/api/events', headers);
    return status === 200 ? { id: user, words: '' } : outcomeOf(text);
  },
  '/ws': async (headers) => {
    await using client = await connectJsonRpc(server.url, undefined, { cookie, ...headers });
    return answerOf(await client.ask('session.get', {}));
  },
  'Socket.IO': (headers) => throughSocketIo('websocket', headers),
  'Socket.IO polling': (headers) => throughSocketIo('polling', headers),
};

/** The transports that begin with a GET that is no upgrade. */
const ownGets = ['a GET', 'server-sent events', 'Socket.IO polling'];

async function throughSocketIo(transport: 'websocket' | 'polling', headers: Headers): Promise<Outcome> {
  await using client = await connectSocketIo(server.url, undefined, {
    transports: [transport],
    extraHeaders: { cookie, ...headers },
  });
  return answerOf(await client.ask('session.get', {}));
}

function answerOf({ result, error }: Answer): Outcome {
  return { id: (result as { user: { id: string } } | undefined)?.user.id ?? '', words: error?.message ?? '' };
}

/** A request with headers that `fetch` would not send. */
function send(
  method: string,
  path: string,
  headers: Headers,
  body?: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${server.url}${path}`,
      { method, headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers } },
      (response) => {
        const status = response.statusCode ?? 0;
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          response.destroy();
          return resolve({ status, text: '' });
        }
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

function outcomeOf(text: string): Outcome {
  const answer = JSON.parse(text) as { user?: { id: string }; detail?: string };
  return { id: answer.user?.id ?? '', words: answer.detail ?? '' };
}

describe.each(Object.keys(ways))('a session cookie, with %s', (way) => {
  const outcome = (headers: Headers) => ways[way]!(headers);
  const ask = async (headers: Headers) => (await outcome(headers)).id;

  test("counts from the server's own origin, and from those in the settings", async () => {
    expect(await ask({ origin: server.url })).toBe(user);
    expect(await ask({ origin: 'https://friend.example' })).toBe(user);
  });

  test.each([
    ['null', () => 'null'],
    ['another site', () => 'https://evil.example'],
    ['another scheme', () => server.url.replace('http:', 'https:')],
    ['no scheme', () => server.url.replace('http://', '')],
    ['another port', () => 'http://localhost:1'],
    ['no port', () => 'http://localhost'],
    ['another name of this machine', () => server.url.replace('localhost', '127.0.0.1')],
    ['a prefix', () => `${server.url}0`],
    ['a suffix', () => `http://evil.example/${server.url}`],
    ['a subdomain', () => server.url.replace('localhost', 'sub.localhost')],
    ['a longer domain', () => server.url.replace('localhost', 'localhost.evil.example')],
    ['a trailing dot', () => server.url.replace('localhost', 'localhost.')],
    ['a trailing slash', () => `${server.url}/`],
    ['capitals', () => server.url.replace('localhost', 'LOCALHOST')],
    ['user info', () => server.url.replace('localhost', 'localhost@evil.example')],
    ['a list', () => `${server.url}, https://evil.example`],
    ['a list with spaces', () => `https://evil.example ${server.url}`],
    ['an empty origin', () => ''],
    ['a file', () => 'file://'],
    ["a friend's look-alike", () => 'https://friend.example.evil.example'],
    ["a friend's subdomain", () => 'https://sub.friend.example'],
    ["a friend's other scheme", () => 'http://friend.example'],
  ])('does not count from %s', async (_what, origin) => {
    expect(await ask({ origin: origin() })).toBe('');
  });

  test('does not count across sites, whatever else the request contains', async () => {
    expect(await ask({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe('');
    // Browsers send neither with a GET to the same origin without TLS.
    expect(await ask({})).toBe(ownGets.includes(way) ? user : '');
    for (const site of ['cross-site', 'same-site', '', 'nonsense'])
      expect(await ask({ 'sec-fetch-site': site }), site).toBe('');
    expect(await ask({ 'sec-fetch-site': 'same-origin' })).toBe(user);
  });

  test('that does not count is refused with the name of the rule', async () => {
    const refusals: [Headers, RegExp][] = [
      [{ origin: 'https://evil.example' }, /^Cookie ignored: its Origin https:\/\/evil\.example is not in --origins/],
      [{ origin: 'null' }, /^Cookie ignored: its Origin is null/],
      [{ 'sec-fetch-site': 'same-site' }, /^Cookie ignored: .*Sec-Fetch-Site: same-site/],
      [{ authorization: 'Basic eDp5', origin: 'https://evil.example' }, /^Authorization must be "Bearer <token>"/],
    ];
    for (const [headers, words] of refusals) expect((await outcome(headers)).words).toMatch(words);
    const none = await outcome({});
    if (!ownGets.includes(way)) expect(none.words).toBe('Cookie ignored: the request has no Origin header');
    const { words } = await outcome({ cookie: 'theme=dark', origin: 'https://evil.example' });
    expect(words).toBe('Start a session first');
  });

  test('does not count because of a forwarded host name that no trusted proxy sent', async () => {
    expect(
      await ask({ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }),
    ).toBe('');
  });

  test.each([
    ['nothing', () => `${cookieName}=`],
    ['a token that was never issued', () => `${cookieName}=nosuch`],
    ['a quote', () => `${cookieName}="`],
    ['a percent sign', () => `${cookieName}=%`],
    ['a name without the server’s digits', () => `madang_session=${ownerToken}`],
    ['the name of another server', () => `madang_session_00000000=${ownerToken}`],
    ['a prototype', () => '__proto__=x'],
    ['separators', () => '; ; ='],
    ['no pair', () => 'x'],
  ])('that contains %s belongs to nobody', async (_what, value) => {
    expect(await ask({ origin: server.url, cookie: value() })).toBe('');
  });
});

describe('Set-Cookie', () => {
  const begin = (headers: Headers = {}) =>
    fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name: `cookie ${++count}` }),
    });

  test('keeps the token from scripts and from other sites', async () => {
    const set = (await begin()).headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^madang_session_[0-9a-f]{8}=[\w-]{43,};/);
    expect(set).toMatch(/; HttpOnly/);
    expect(set).toMatch(/; SameSite=Lax/);
    expect(set).toMatch(/; Path=\//);
    expect(set).toMatch(/; Max-Age=\d+/);
    expect(set).not.toMatch(/domain=/i);
  });

  test('is cleared by session.end', async () => {
    const begun = await begin();
    const { token } = (await begun.json()) as { token: string };
    const ended = await fetch(`${server.url}/api/session`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(ended.headers.get('set-cookie')).toMatch(/^madang_session_[0-9a-f]{8}=; Max-Age=0;/);
  });

  test.each(['https://evil.example', 'null', 'http://localhost', ''])(
    'is never sent across origins, when a session begins or ends: "%s" gets only a token',
    async (origin) => {
      const headers = { origin, 'content-type': 'application/json' };
      const begun = await begin(headers);
      expect(begun.status).toBe(201);
      expect(begun.headers.get('set-cookie')).toBeNull();
      const { token } = (await begun.json()) as { token: string };
      const ended = await fetch(`${server.url}/api/session`, {
        method: 'DELETE',
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
      expect(ended.status).toBe(200);
      expect(ended.headers.get('set-cookie')).toBeNull();
    },
  );

  test("is sent to a page of the server's own origin, and of those in the settings", async () => {
    for (const origin of [server.url, 'https://friend.example']) {
      const begun = await begin({ origin, 'content-type': 'application/json' });
      expect(begun.headers.get('set-cookie')).toMatch(/^madang_session/);
    }
    const elsewhere = await begin({ 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' });
    expect(elsewhere.headers.get('set-cookie')).toBeNull();
  });

  test('is sent only when a session begins', async () => {
    const { token } = (await (await begin()).json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/api/session', '/api/rooms', '/', '/healthz']) {
      expect((await fetch(`${server.url}${path}`, { headers })).headers.get('set-cookie'), path).toBeNull();
    }
  });

  test('behind a trusted proxy that speaks TLS it is Secure and bound to the host', async () => {
    await using proxied = await startServer({ flags: ['--trusted-proxies', 'loopback'] });
    const response = await fetch(`${proxied.url}/api/session`, {
      method: 'POST',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example' },
      body: '{"name":"secure"}',
    });
    const set = response.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^__Host-madang_session_[0-9a-f]{8}=/);
    expect(set).toMatch(/; Secure/);
    const untrusted = await begin({ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example' });
    expect(untrusted.headers.get('set-cookie')).not.toMatch(/Secure/);
  });

  test('has a permanent name that identifies the server: two servers on one host keep their own', async () => {
    await using other = await startServer();
    const nameAt = async () => (await startGuest(other.url, `cookie ${++count}`)).cookieName;
    const name = await nameAt();
    expect(name).not.toBe(cookieName);
    await other.stop();
    await other.start();
    expect(await nameAt()).toBe(name);
  });
});

describe('one origin, however it is written', () => {
  /** The user that a session's cookie stands for, in a request with these headers. */
  const ask = async (at: { port?: number; socketPath?: string }, headers: Headers) => {
    const begin = { 'content-type': 'application/json', ...headers, cookie: '' };
    const body = JSON.stringify({ name: `cookie ${++count}` });
    const begun = await exchange({ ...at, method: 'POST', path: '/api/session', headers: begin }, body);
    const [set = ''] = begun.headers['set-cookie'] ?? [];
    const got = await exchange({ ...at, path: '/api/session', headers: { ...headers, cookie: set.split(';')[0] } });
    return { set, status: got.statusCode };
  };

  test.each([
    ['the default port', { host: 'chat.example:80', origin: 'http://chat.example' }],
    ['no port', { host: 'chat.example', origin: 'http://chat.example' }],
    ['capitals', { host: 'Chat.Example', origin: 'http://chat.example' }],
    ['another port', { host: 'chat.example:8080', origin: 'http://chat.example:8080' }],
  ])('Host has %s', async (_what, headers) => {
    expect(await ask({ port: server.port }, headers)).toMatchObject({ status: 200 });
  });

  test('Host has the default port of the other scheme, which makes it another origin', async () => {
    const headers = { host: 'chat.example:443', origin: 'http://chat.example' };
    expect(await ask({ port: server.port }, headers)).toMatchObject({ set: '', status: 401 });
  });

  test.each<Headers>([
    { host: 'chat.example:443', 'x-forwarded-proto': 'https' },
    { host: '127.0.0.1:3000', 'x-forwarded-host': 'chat.example:443', 'x-forwarded-proto': 'HTTPS' },
    { host: '127.0.0.1:3000', 'x-forwarded-host': 'chat.example, inner', 'x-forwarded-proto': 'https,http' },
    { host: 'chat.example', 'x-forwarded-proto': 'wss' },
  ])('a proxy that is trusted, or connects over a Unix socket, says so: %j', async (headers) => {
    using folder = tempFolder();
    const madang = await createMadang({ data: folder.path, logLevel: 'warn' });
    const socketPath = join(folder.path, 'madang.sock');
    const behind = createServer(express().use(madang.router)).listen(socketPath);
    await once(behind, 'listening');
    const told = { ...headers, origin: 'https://chat.example' };
    const { set, status } = await ask({ socketPath }, told);
    expect(set).toMatch(/^__Host-madang_session_.*; Secure/);
    expect(status).toBe(200);
    behind.closeAllConnections();
    behind.close();
    await madang.close();
    const untrusted = await ask({ port: server.port }, told);
    expect(untrusted.set).toBe('');
  });
});

describe('a body', () => {
  const say = (headers: Headers) => send('POST', '/api/presence', headers, '{"presence":"online"}');

  test.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/jsonp',
    '',
  ])('of a page is JSON by its type, never "%s", which a form can send to any server', async (type) => {
    for (const from of [{ origin: server.url }, { 'sec-fetch-site': 'same-origin' }, {}] as Headers[]) {
      const { status, text } = await say({ ...from, 'content-type': type });
      expect(status).toBe(400);
      expect(text).toContain('Content-Type must be application/json');
    }
    // A request with nothing that a browser would add is no form.
    const program = await fetch(`${server.url}/api/presence`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ownerToken}`, 'content-type': type },
      body: '{"presence":"online"}',
    });
    expect(program.status).toBe(200);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'is read as %s',
    async (type) => {
      expect((await say({ origin: server.url, 'content-type': type })).status).toBe(200);
    },
  );
});

/** Sends a request, and returns the head of its answer. */
function exchange(options: RequestOptions, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', ...options }, (response) => {
      response.resume();
      resolve(response);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
