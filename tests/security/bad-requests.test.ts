import { commands, PROBLEM_TYPE, type Problem } from '@madang/protocol';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { expectCleanLog, SECRET } from '../support/server-log.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
  ({ token } = await startGuest(server.url, 'requester'));
});
afterEach(() => expectCleanLog(server));
afterAll(() => server[Symbol.asyncDispose]());

/** Sends a request, and checks that a refusal is a problem document (RFC 9457) with this code and status. */
async function refused(path: string, init: RequestInit, code: string, status: number): Promise<Problem> {
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('content-type')).toContain(PROBLEM_TYPE);
  expect(response.headers.get('x-powered-by')).toBeNull();
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({ code, status, type: `urn:madang:error:${code}` });
  expect(problem.title).toMatch(/\S/);
  expect(problem.detail).toBe(problem.message);
  expect(text).not.toMatch(/\n\s+at |node_modules/);
  return problem;
}

const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { authorization: `Bearer ${token}`, ...headers },
});

test.each([
  ['GET', '/nosuch'],
  ['GET', '/api/nosuch'],
  ['GET', '/api'],
  ['GET', '/api/rooms/lobby/nosuch'],
  ['GET', '/socket.io//'],
  ['GET', '/socket.io//?EIO=4&transport=polling'],
  ['GET', '/socket.io/nosuch'],
  ['GET', '/api/Rooms'],
  ['GET', '/api/__proto__'],
  ['GET', '/api/constructor'],
  ['GET', '/../../etc/passwd'],
  ['GET', '/..%2f..%2f..%2fetc%2fpasswd'],
  ['GET', '/assets/..%2f..%2fpackage.json'],
  ['GET', '/.git/config'],
])('%s %s is not found', async (method, path) => {
  await refused(path, { method }, 'not_found', 404);
});

describe('every path', () => {
  /** The methods of each path; `type` is the content type of its answers, where it has only one. */
  const paths = new Map<string, { methods: Set<string>; type?: string }>([
    ['/healthz', { methods: new Set(['GET']) }],
    ['/readyz', { methods: new Set(['GET']) }],
    ['/', { methods: new Set(['GET']) }],
    ['/icon.svg', { methods: new Set(['GET']) }],
    ['/socket.io/socket.io.js', { methods: new Set(['GET']) }],
    ['/api/openapi.json', { methods: new Set(['GET']), type: 'application/json' }],
    ['/api/asyncapi.json', { methods: new Set(['GET']), type: 'application/json' }],
    ['/api/events', { methods: new Set(['GET']), type: 'text/event-stream' }],
  ]);
  for (const { http } of Object.values(commands)) {
    const path = `/api${http.path.replaceAll(/:\w+/g, 'lobby')}`;
    const before = paths.get(path)?.methods ?? [];
    paths.set(path, { methods: new Set([...before, http.method]), type: 'application/json' });
  }
  const cases = [...paths].map(([path, takes]) => [path, takes] as const);
  const ask = (path: string, method: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });

  test.each(cases)('%s lists its methods on OPTIONS, and refuses all others with 405', async (path, { methods }) => {
    const options = await ask(path, 'OPTIONS');
    expect(options.status).toBe(204);
    const allowed = new Set(options.headers.get('allow')?.split(', '));
    expect(allowed).toEqual(new Set([...methods, ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS']));
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      if (allowed.has(method)) continue;
      const answer = await ask(path, method);
      expect([method, answer.status]).toEqual([method, 405]);
      expect(new Set(answer.headers.get('allow')?.split(', '))).toEqual(allowed);
      expect(await answer.text()).toContain(method === 'HEAD' ? '' : '"status":405');
    }
  });

  test.each(cases.filter(([, { methods }]) => methods.has('GET')))(
    '%s answers HEAD as GET, without a body, and at once',
    async (path) => {
      const stopping = new AbortController();
      const headers = { authorization: `Bearer ${token}` };
      const get = await fetch(`${server.url}${path}`, { headers, signal: stopping.signal });
      const head = await ask(path, 'HEAD');
      expect(await head.text()).toBe('');
      expect([head.status, head.headers.get('content-type')]).toEqual([get.status, get.headers.get('content-type')]);
      stopping.abort();
    },
  );

  test.each(cases.filter(([, { type }]) => type !== undefined))(
    '%s is 406 for a client that accepts no such answer, and lenient to all others',
    async (path, { methods, type = '' }) => {
      // Without a token: nothing may be changed by it.
      const accepting = (method: string, accept: string) =>
        fetch(`${server.url}${path}`, { method, headers: { accept } });
      for (const method of methods) {
        for (const accept of ['image/png', 'text/html', `${type};q=0`, 'application/cbor, text/csv;q=0.5']) {
          const answer = await accepting(method, accept);
          expect([method, accept, answer.status]).toEqual([method, accept, 406]);
          expect(await answer.text()).toContain('"code":"invalid_input"');
        }
        for (const accept of ['*/*', type, `${type.split('/')[0]}/*`, `text/html, */*;q=0.1`, '']) {
          const answer = await accepting(method, accept);
          expect([method, accept, answer.status]).not.toEqual([method, accept, 406]);
          await answer.body?.cancel();
        }
      }
    },
  );

  test('a document and a file are revalidated by ETag; changing answers are never "not modified"', async () => {
    // `fetch` would itself ask for a fresh answer if there is a condition.
    const condition = async (path: string, headers: Record<string, string>, method = 'GET') => {
      const asked = httpRequest(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip', ...headers },
      }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer;
    };
    for (const path of ['/', '/icon.svg', '/socket.io/socket.io.js', '/api/openapi.json', '/api/asyncapi.json']) {
      const etag = (await condition(path, {})).headers.etag ?? '';
      for (const method of ['GET', 'HEAD']) {
        expect([path, (await condition(path, { 'if-none-match': etag }, method)).statusCode]).toEqual([path, 304]);
        expect((await condition(path, { 'if-none-match': '"another"' }, method)).statusCode).toBe(200);
      }
    }
    for (const path of ['/healthz', '/readyz', '/api/session', '/api/rooms', '/api/rooms/lobby']) {
      const { headers } = await condition(path, {});
      expect(headers['cache-control']).toBe('no-store');
      const tomorrow = new Date(Date.now() + 86_400_000).toUTCString();
      expect((await condition(path, { 'if-none-match': headers.etag ?? '*' })).statusCode).toBe(200);
      expect((await condition(path, { 'if-none-match': '*', 'if-modified-since': tomorrow })).statusCode).toBe(200);
    }
  });

  test('the path of a WebSocket says what it is to any other request', async () => {
    const answer = await ask('/ws', 'GET');
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect((await ask('/ws', 'POST')).status).toBe(405);
    expect((await ask('/socket.io/', 'DELETE')).headers.get('allow')).toBe('GET, POST, OPTIONS');
    expect((await ask('/socket.io/?EIO=4&transport=polling', 'PUT')).status).toBe(405);
  });
});

describe('request targets in every form of RFC 9112', () => {
  const send = async (head: string): Promise<string> => {
    const socket = connect(server.port, 'localhost');
    socket.write(`${head}\r\nHost: localhost\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString().split(' ')[1] ?? '';
  };
  const webSocket =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
  const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA';

  // The answers to a plain request, one that asks for a WebSocket, and one that asks for HTTP/2.
  test.each([
    ['/healthz', '200', '200', '200'],
    ['http://localhost/healthz', '200', '200', '200'],
    ['HTTP://elsewhere.example:80/api/openapi.json?x', '200', '200', '200'],
    ['http://localhost', '200', '101', '200'],
    ['http://localhost?x', '200', '101', '200'],
    ['/ws', '426', '101', '426'],
    ['/ws?x=1', '426', '101', '426'],
    ['http://localhost/ws', '426', '101', '426'],
    ['ws://localhost/ws?x', '426', '101', '426'],
    ['/socket.io/?EIO=4&transport=websocket', '400', '101', '400'],
    ['http://localhost/socket.io/?EIO=4&transport=websocket', '400', '101', '400'],
    ['/nosuch', '404', '404', '404'],
    ['//ws', '404', '404', '404'],
    ['/./ws', '404', '404', '404'],
    ['/api/../ws', '404', '404', '404'],
    ['/%77s', '404', '404', '404'],
    ['/ws%2f', '404', '404', '404'],
    ['/%', '404', '404', '404'],
    ['*', '405', '405', '405'],
    ['localhost:80', '400', '400', '400'],
    ['?', '400', '400', '400'],
  ])('%s', async (target, plain, upgraded, ignored) => {
    const answers = [
      await send(`GET ${target} HTTP/1.1`),
      await send(`GET ${target} HTTP/1.1\r\n${webSocket}`),
      await send(`GET ${target} HTTP/1.1\r\n${h2c}`),
    ];
    expect(answers).toEqual([plain, upgraded, ignored]);
  });

  test('OPTIONS * lists what the server can do', async () => {
    expect(await send('OPTIONS * HTTP/1.1')).toBe('204');
    expect(await send(`OPTIONS * HTTP/1.1\r\n${h2c}`)).toBe('204');
  });

  test('a WebSocket may be one of several requested protocols', async () => {
    const several = webSocket.replace('Upgrade: websocket', 'Upgrade: h2c, WebSocket');
    expect(await send(`GET /ws HTTP/1.1\r\n${several}`)).toBe('101');
  });
});

describe('bodies', () => {
  const path = '/api/rooms/lobby/messages';
  test.each<[string, BodyInit, Record<string, string>]>([
    ['half an object', `{"text": "${SECRET}`, {}],
    ['no JSON', SECRET, {}],
    ['a text', `"${SECRET}"`, {}],
    ['a number', '7', {}],
    ['null', 'null', {}],
    ['an array', `[{"text":"${SECRET}"}]`, {}],
    ['a form', new URLSearchParams({ text: SECRET }), {}],
    [
      'multipart',
      (() => {
        const form = new FormData();
        form.set('text', SECRET);
        return form;
      })(),
      {},
    ],
    ['bytes', new Uint8Array([0, 255, 254, 1]), {}],
    ['a byte order mark and nothing', '\ufeff', {}],
    ['deep nesting', `{"text":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, {}],
    ['an unknown encoding', '{}', { 'content-encoding': 'nosuch' }],
    ['gzip that is none', '{}', { 'content-encoding': 'gzip' }],
    ['an unknown charset', '{"text":"x"}', { 'content-type': 'application/json; charset=nosuch' }],
    ['UTF-16', Buffer.from('{"text":"x"}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16le' }],
    ['Latin-1', Buffer.from('{"text":"é"}', 'latin1'), { 'content-type': 'application/json; charset=iso-8859-1' }],
    ['Latin-1 that is said to be UTF-8', Buffer.from('{"text":"é"}', 'latin1'), {}],
    ['a surrogate in UTF-8', Buffer.from('{"text":"\xed\xa0\x80"}', 'latin1'), {}],
    ['a truncated character', Buffer.from('{"text":"가"}').subarray(0, -3), {}],
    [
      'packed bytes that are not UTF-8',
      gzipSync(Buffer.from('{"text":"\xff"}', 'latin1')),
      { 'content-encoding': 'gzip' },
    ],
    ['a field of the path', '{"room":"elsewhere","text":"x"}', {}],
    ['a number that is none', '{"text":NaN}', {}],
    ['an unknown field', '{"text":"x","isAdmin":true}', {}],
    ['a text of another type', '{"text":{"toString":"x"}}', {}],
  ])('%s is refused', async (_what, body, headers) => {
    await refused(path, post(body, headers), 'invalid_input', 400);
  });

  test.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/json;charset="UTF-8"'],
    ['application/json; charset=utf8'],
    ['application/json; charset=UTF8; x=y'],
  ])('UTF-8 is read as %s, with a byte order mark or without', async (type) => {
    for (const mark of ['', '\ufeff']) {
      const text = `${mark}{"text":"가🎉é"}`;
      const response = await fetch(`${server.url}${path}`, post(text, { 'content-type': type }));
      expect(await response.json()).toMatchObject({ message: { text: '가🎉é' } });
    }
  });

  test('a polling body that is not UTF-8 is refused, and the session continues', async () => {
    const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const sid = /"sid":"([^"]+)"/.exec(await (await fetch(polling)).text())?.[1] ?? '';
    const say = (body: BodyInit) => fetch(`${polling}&sid=${sid}`, { method: 'POST', body });
    const init = post(Buffer.from('40{"name":"\xff"}', 'latin1'));
    await refused(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, init, 'invalid_input', 400);
    await refused(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, post('4'.repeat(65_537)), 'too_large', 413);
    expect(await (await say('40{"name":"가 polling"}')).text()).toBe('ok');
    expect(await (await fetch(`${polling}&sid=${sid}`)).text()).toMatch(/^40/);
  });

  test('a body of exactly 64 KiB is read, a larger one is too large, compressed or not', async () => {
    const ofBytes = (bytes: number) => `{"text":"${'x'.repeat(bytes - 11)}"}`;
    expect(ofBytes(65_536)).toHaveLength(65_536);
    const read = await refused(path, post(ofBytes(65_536)), 'invalid_input', 400);
    expect(read.details?.issues?.[0]).toMatchObject({ path: 'text' });
    await refused(path, post(ofBytes(65_537)), 'too_large', 413);
    await refused(path, post(gzipSync(ofBytes(50_000_000)), { 'content-encoding': 'gzip' }), 'too_large', 413);
  });

  test('a body that is cut off affects nobody else; one of unknown length is bounded too', async () => {
    const cut = httpRequest(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-length': 1000 },
    });
    const ended = new Promise((resolve) => cut.once('close', resolve));
    cut.on('error', () => undefined);
    cut.write('{"text":', () => cut.destroy());
    await ended;
    const chunked = httpRequest(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' },
    });
    const status = new Promise((resolve) => chunked.once('response', (response) => resolve(response.statusCode)));
    for (let index = 0; index < 20; index += 1) chunked.write('x'.repeat(20_000));
    chunked.end();
    expect(await status).toBe(413);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});

describe('paths and queries', () => {
  const get: RequestInit = {
    get headers() {
      return { authorization: `Bearer ${token}` };
    },
  };

  test.each(['%E0%A4%A', '%', '%ff', '%c0%ae'])('a path with %s is refused', async (part) => {
    await refused(`/api/rooms/${part}`, get, 'invalid_input', 400);
  });

  test.each([
    ['limit=', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=1e3', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['limit=0x10', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['limit[]=1', 'limit[]'],
    ['search[toString]=1', 'search[toString]'],
    ['__proto__=1', '__proto__'],
    ['constructor=1', 'constructor'],
    ['nosuch=1', 'nosuch'],
    ['%ff=1', '\ufffd'],
  ])('the query ?%s is refused with its field', async (query, field) => {
    const { details } = await refused(`/api/rooms?${query}`, get, 'invalid_input', 400);
    expect(details?.issues?.map(({ path }) => path)).toContain(field);
  });

  test('a long path or query, or a thousand parameters, are refused or read without an internal error', async () => {
    for (const path of [
      `/api/rooms/${'x'.repeat(8000)}`,
      `/api/rooms?search=${'x'.repeat(8000)}`,
      `/api/rooms?${'a=1&'.repeat(2000)}`,
    ]) {
      const response = await fetch(`${server.url}${path}`, get);
      expect([400, 404, 414, 431]).toContain(response.status);
    }
    const huge = await fetch(`${server.url}/api/rooms?search=${'x'.repeat(100_000)}`, get).then(({ status }) => status);
    expect([414, 431]).toContain(huge);
  });
});

describe('Authorization', () => {
  test.each([
    'Bearer',
    'Bearer ',
    'Basic dXNlcjpwYXNz',
    'Bearer a b',
    'bearer nosuchtoken',
    `Bearer ${'x'.repeat(6000)}`,
    'Bearer ../../x',
    '{}',
  ])('"%.30s" is refused', async (authorization) => {
    for (const path of ['/api/session', '/api/events', '/api/rooms/lobby/messages']) {
      await refused(path, { headers: { authorization } }, 'unauthenticated', 401);
      const response = await fetch(`${server.url}${path}`, { headers: { authorization } });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      await response.body?.cancel();
    }
  });

  test('a bad token with a good body is refused, and changes nothing', async () => {
    const init = post(JSON.stringify({ text: SECRET }), { authorization: `Bearer ${token}x` });
    await refused('/api/rooms/lobby/messages', init, 'unauthenticated', 401);
  });

  test('a token in the query or in the body is not a credential', async () => {
    await refused(`/api/rooms?token=${token}`, {}, 'invalid_input', 400);
    await refused(
      '/api/presence',
      { method: 'POST', body: JSON.stringify({ presence: 'away', token }) },
      'invalid_input',
      400,
    );
  });
});

test('a preflight lets a page of another origin send a token', async () => {
  const preflight = await fetch(`${server.url}/api/rooms/lobby/messages`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
});
