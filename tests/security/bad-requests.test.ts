import { commands, PROBLEM_TYPE, type Problem } from '@madang/protocol';
import { request as httpRequest } from 'node:http';
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

/** Asks, and checks that a refusal is a problem document (RFC 9457) of the code and status. */
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
  ['POST', '/healthz'],
  ['PUT', '/api/rooms'],
  ['DELETE', '/api/rooms'],
  ['PATCH', '/api/session'],
  ['POST', '/api/events'],
  ['PROPFIND', '/api/rooms'],
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

test('another method on a path of the table is not found, never another command', async () => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const rows = Object.values(commands);
  for (const { http } of rows) {
    for (const method of methods) {
      if (rows.some((row) => row.http.path === http.path && row.http.method === method)) continue;
      const path = `/api${http.path.replaceAll(/:\w+/g, 'lobby')}`;
      await refused(path, { method, headers: { authorization: `Bearer ${token}` } }, 'not_found', 404);
    }
  }
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
    ['a field of the path', '{"room":"elsewhere","text":"x"}', {}],
    ['a number that is no number', '{"text":NaN}', {}],
    ['an unknown field', '{"text":"x","isAdmin":true}', {}],
    ['a text of another type', '{"text":{"toString":"x"}}', {}],
  ])('%s is refused', async (_what, body, headers) => {
    await refused(path, post(body, headers), 'invalid_input', 400);
  });

  test('a body just at 64 KiB is read, one over it is too large, packed or not', async () => {
    const ofBytes = (bytes: number) => `{"text":"${'x'.repeat(bytes - 11)}"}`;
    expect(ofBytes(65_536)).toHaveLength(65_536);
    const read = await refused(path, post(ofBytes(65_536)), 'invalid_input', 400);
    expect(read.details?.issues?.[0]).toMatchObject({ path: 'text' });
    await refused(path, post(ofBytes(65_537)), 'too_large', 413);
    await refused(path, post(gzipSync(ofBytes(50_000_000)), { 'content-encoding': 'gzip' }), 'too_large', 413);
  });

  test('a body that is cut off harms nobody; one whose length is not told is bounded too', async () => {
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

  test('a long path or query, or a thousand parameters, are refused or read, never broken', async () => {
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

  test('a bad token beside a good body is refused, and does nothing', async () => {
    const init = post(JSON.stringify({ text: SECRET }), { authorization: `Bearer ${token}x` });
    await refused('/api/rooms/lobby/messages', init, 'unauthenticated', 401);
  });

  test('a token in the query or in the body is no credential', async () => {
    await refused(`/api/rooms?token=${token}`, {}, 'invalid_input', 400);
    await refused(
      '/api/presence',
      { method: 'POST', body: JSON.stringify({ presence: 'away', token }) },
      'invalid_input',
      400,
    );
  });
});

test('a HEAD and an OPTIONS of a route have no body and are no error', async () => {
  expect((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
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
