import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startGuest } from '../support/guest.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let cookie: string;
let user: string;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off', '--origins', 'https://friend.example'] });
  const guest = await startGuest(server.url, 'cookie owner');
  cookie = `madang_session=${guest.token}`;
  user = guest.user.id;
});
afterAll(() => server[Symbol.asyncDispose]());

/** Headers as a browser could send them. */
type Headers = Record<string, string>;

/** What each way in makes of the cookie: the user's id, or '' for nobody. */
const ways: Record<string, (headers: Headers) => Promise<string>> = {
  'a GET': async (headers) => idOf(await send('GET', '/api/session', headers)),
  'a POST': async (headers) => {
    const { status } = await send('POST', '/api/presence', headers, '{"presence":"online"}');
    return status === 200 ? user : '';
  },
  'server-sent events': async (headers) => {
    const { status } = await send('GET', '/api/events', headers);
    return status === 200 ? user : '';
  },
  '/ws': (headers) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers: { cookie, ...headers } });
      socket.on('open', () => socket.send('{"jsonrpc":"2.0","id":1,"method":"session.get"}'));
      socket.on('message', (data: Buffer) => {
        const answer = JSON.parse(data.toString()) as { id?: number; result?: { user: { id: string } } };
        if (answer.id !== 1) return;
        resolve(answer.result?.user.id ?? '');
        socket.close();
      });
      socket.on('error', reject);
    }),
  'Socket.IO': (headers) => throughSocketIo('websocket', headers),
  'Socket.IO polling': (headers) => throughSocketIo('polling', headers),
};

/** The ways that begin with a GET that is no upgrade. */
const ownGets = ['a GET', 'server-sent events', 'Socket.IO polling'];

async function throughSocketIo(transport: 'websocket' | 'polling', headers: Headers): Promise<string> {
  const client = await connectSocketIo(server.url, undefined, {
    transports: [transport],
    extraHeaders: { cookie, ...headers },
  });
  const { result } = await client.ask('session.get', {});
  await client.close();
  return (result as { user: { id: string } } | undefined)?.user.id ?? '';
}

/** A request with headers that `fetch` would not send. */
function send(
  method: string,
  path: string,
  headers: Headers,
  body?: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { method, headers: { cookie, ...headers } }, (response) => {
      const status = response.statusCode ?? 0;
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        response.destroy();
        return resolve({ status, text: '' });
      }
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function idOf({ text }: { text: string }): string {
  return (JSON.parse(text) as { user?: { id: string } }).user?.id ?? '';
}

describe.each(Object.keys(ways))('a session cookie, with %s', (way) => {
  const ask = (headers: Headers) => ways[way]?.(headers);

  test("counts from one's own origin, and from one that the settings name", async () => {
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

  test('does not count across sites, whatever else is said', async () => {
    expect(await ask({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe('');
    // Browsers tell neither with a GET to one's own origin, when it has no TLS.
    expect(await ask({})).toBe(ownGets.includes(way) ? user : '');
    for (const site of ['cross-site', 'same-site', '', 'nonsense'])
      expect(await ask({ 'sec-fetch-site': site }), site).toBe('');
    expect(await ask({ 'sec-fetch-site': 'same-origin' })).toBe(user);
  });

  test('does not count by a forwarded name that no trusted proxy told', async () => {
    expect(
      await ask({ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }),
    ).toBe('');
  });

  test.each([
    'madang_session=',
    'madang_session=nosuch',
    'madang_session="',
    'madang_session=%',
    '__proto__=x',
    '; ; =',
    'x',
  ])('as %s is nobody', async (value) => {
    expect(await ask({ origin: server.url, cookie: value })).toBe('');
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
    expect(set).toMatch(/^madang_session=[\w-]{43,};/);
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
    expect(ended.headers.get('set-cookie')).toMatch(/^madang_session=; Max-Age=0;/);
  });

  test('comes with nothing but the beginning of a session', async () => {
    const { token } = (await (await begin()).json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/api/session', '/api/rooms', '/', '/healthz']) {
      expect((await fetch(`${server.url}${path}`, { headers })).headers.get('set-cookie'), path).toBeNull();
    }
  });

  test('behind a proxy that is trusted and speaks TLS it is Secure and bound to the host', async () => {
    await using proxied = await startServer({ flags: ['--trusted-proxies', 'loopback'] });
    const response = await fetch(`${proxied.url}/api/session`, {
      method: 'POST',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example' },
      body: '{"name":"secure"}',
    });
    const set = response.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^__Host-madang_session=/);
    expect(set).toMatch(/; Secure/);
    const untrusted = await begin({ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example' });
    expect(untrusted.headers.get('set-cookie')).not.toMatch(/Secure/);
  });
});
