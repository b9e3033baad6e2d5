import { commands, events, PROBLEM_TYPE, signals } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
  ({ token } = await startGuest(server.url, 'reader'));
});
afterAll(() => server[Symbol.asyncDispose]());

/** A JSON document, or a part of one. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

async function documentAt(path: string): Promise<Record<string, never>> {
  const response = await fetch(`${server.url}${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return (await response.json()) as Record<string, never>;
}

/** Every `$ref` of a document, at any depth. */
function refsOf(part: Json): string[] {
  if (typeof part !== 'object' || part === null) return [];
  if (Array.isArray(part)) return part.flatMap(refsOf);
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : refsOf(value),
  );
}

/** What a `$ref` points to. */
function resolve(document: Json, ref: string): Json | undefined {
  const keys = ref
    .slice(2)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<Json | undefined>(
    (part, key) => (typeof part === 'object' && part !== null && !Array.isArray(part) ? part[key] : undefined),
    document,
  );
}

function expectRefsResolve(document: Json): void {
  const refs = refsOf(document);
  expect(refs.length).toBeGreaterThan(10);
  for (const ref of refs) {
    expect(ref).toMatch(/^#\//);
    expect(resolve(document, ref), ref).toBeDefined();
  }
  // JSON Schema's own places for definitions are not the documents'.
  expect(JSON.stringify(document)).not.toContain('"$defs"');
}

/** The part of an OpenAPI operation that this test needs. */
interface Operation {
  operationId: string;
  summary: string;
  security?: Json;
  parameters: { name: string; in: string; required: boolean; schema: Json }[];
  requestBody?: { required: boolean; content: Record<string, { schema: { properties: object; required?: string[] } }> };
  responses: Record<string, { description: string; content: Record<string, { schema: Json }> }>;
}

describe('/api/openapi.json', () => {
  test('has every command at its route with all of its fields, and every reference resolves', async () => {
    const document = await documentAt('/api/openapi.json');
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Madang', version: expect.any(String) as string },
    });
    expectRefsResolve(document);
    const paths = document['paths'] as unknown as Record<string, Record<string, Operation>>;
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
      [...Object.keys(commands), 'events'].sort(),
    );
    for (const row of Object.values(commands)) {
      const operation = paths[row.http.path.replaceAll(/:(\w+)/g, '{$1}')]?.[
        row.http.method.toLowerCase()
      ] as Operation;
      expect(operation.operationId).toBe(row.name);
      expect(operation.summary).toBe(row.doc.en);
      const body = operation.requestBody?.content['application/json']?.schema;
      const named = [...operation.parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})];
      expect(named.sort(), row.name).toEqual(Object.keys(row.input.shape).sort());
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name).sort()).toEqual(
        [...row.http.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '').sort(),
      );
      for (const parameter of inPath) expect(parameter.required).toBe(true);
      const required = [
        ...operation.parameters.filter((each) => each.required).map(({ name }) => name),
        ...(body?.required ?? []),
      ];
      for (const [field, schema] of Object.entries(row.input.shape)) {
        expect(required.includes(field), `${row.name} ${field}`).toBe(!schema.safeParse(undefined).success);
      }
      expect(operation.responses['default']?.content).toHaveProperty([PROBLEM_TYPE]);
      expect(operation.security === undefined, row.name).toBe(row.permission === 'session.start');
      expect(Object.keys(operation.responses)).toContain(String(('status' in row.http && row.http.status) || 200));
    }
  });

  test('says where its routes begin', async () => {
    const document = await documentAt('/api/openapi.json');
    const [{ url }] = document['servers'] as unknown as [{ url: string }];
    const response = await fetch(`${new URL(url, server.url).href}/rooms`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
  });
});

test('/api/asyncapi.json has every command, event and signal with its payload, each as an operation', async () => {
  const document = await documentAt('/api/asyncapi.json');
  expect(document).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) as string, info: { title: 'Madang' } });
  expectRefsResolve(document);
  const channels = document['channels'] as unknown as Record<string, { messages: Record<string, { payload: Json }> }>;
  const messages = Object.assign({}, ...Object.values(channels).map((channel) => channel.messages)) as Record<
    string,
    { payload: { properties: object } }
  >;
  const rows = { ...commands, ...events, ...signals };
  expect(Object.keys(messages).sort()).toEqual(Object.keys(rows).sort());
  for (const [name, row] of Object.entries(rows)) {
    const shape = 'input' in row ? row.input.shape : row.schema.shape;
    expect(Object.keys(messages[name]?.payload.properties ?? {}).sort(), name).toEqual(Object.keys(shape).sort());
  }
  const operations = document['operations'] as unknown as Record<string, { action: string }>;
  for (const name of Object.keys(commands)) expect(operations[name]?.action).toBe('receive');
  for (const name of Object.keys({ ...events, ...signals })) expect(operations[name]?.action).toBe('send');
  const servers = Object.values(document['servers'] as unknown as Record<string, { host: string; pathname: string }>);
  expect(servers.map(({ host, pathname }) => `${host}${pathname}`).sort()).toEqual([
    `localhost:${server.port}/socket.io/`,
    `localhost:${server.port}/ws`,
  ]);
});

test('/healthz and /readyz answer 200 while the server is well', async () => {
  for (const [path, status] of [
    ['/healthz', 'ok'],
    ['/readyz', 'ready'],
  ] as const) {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status });
  }
});

test.each([
  '/',
  '/healthz',
  '/readyz',
  '/api/openapi.json',
  '/api/asyncapi.json',
  '/api/session',
  '/api/rooms',
  '/api/events',
  '/nosuch',
  '/socket.io/socket.io.js',
  '/socket.io/?EIO=4&transport=polling',
])('security headers are on %s', async (path) => {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const { headers } = response;
  await response.body?.cancel();
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toMatch(/unsafe-(inline|eval)|\*/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  if (path.startsWith('/api/')) expect(headers.get('cache-control')).toMatch(/no-(store|cache)/);
});
