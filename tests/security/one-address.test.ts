import { type Budget, type CommandName, commands } from '@madang/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { call } from '../support/transport-client.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { connectLine } from '../support/line-client.ts';
import { Disposables } from '../support/disposables.ts';
import { sampleInputs } from '../support/sample-input.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** Small, so that a test reaches them soon, and for so long a time that nothing is refilled meanwhile. */
const usersPerAddress = 2;
const points: Record<Budget, number> = { session: 6, send: 4, write: 4, read: 14, signal: 4, refused: 20, connect: 20 };
const flags = Object.entries(points).flatMap(([budget, count]) => [`--${budget}-budget`, `${count}/3600`]);

let server: TestServer;
let lastAddress = 0;
beforeAll(async () => {
  const perAddress = ['--users-per-address', String(usersPerAddress)];
  // As behind a proxy, so that each test has its own address.
  server = await startServer({ flags: [...flags, ...perAddress, '--trusted-proxies', 'loopback'] });
});
afterAll(() => server[Symbol.asyncDispose]());

function newAddress(): Record<string, string> {
  return { 'x-forwarded-for': `198.51.100.${++lastAddress}` };
}

async function post(headers: Record<string, string>, path: string, body: unknown): Promise<number> {
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`${server.url}/api${path}`, init)).status;
}

/** Calls a command over HTTP; resolves to the status. */
async function ask(name: CommandName, input: object, headers: Record<string, string>): Promise<number> {
  const { method, path } = commands[name].http;
  const fields = new Map(Object.entries(input).map(([field, value]) => [field, String(value)]));
  const filled = path.replaceAll(/:(\w+)/g, (_all, field: string) => {
    const value = fields.get(field) ?? '';
    fields.delete(field);
    return encodeURIComponent(value);
  });
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const rest = Object.fromEntries(Object.entries(input).filter(([field]) => fields.has(field)));
  const query = hasBody ? '' : `?${new URLSearchParams([...fields]).toString()}`;
  const init = { method, headers, ...(hasBody && { body: JSON.stringify(rest) }) };
  return (await fetch(`${server.url}/api${filled}${query}`, init)).status;
}

/** Tokens of as many new guests as an address may bring. */
async function fillWithGuests(client: JsonRpcClient): Promise<string[]> {
  const tokens: string[] = [];
  for (;;) {
    const { result, error } = await client.ask('session.start', { name: `filler ${lastAddress} ${tokens.length}` });
    if (error) {
      expect(error.code).toBe('rate_limited');
      return tokens;
    }
    tokens.push((result as { token: string }).token);
  }
}

test('an address may bring as many new guests as the users it counts as, at any transport and with any session', async () => {
  const headers = newAddress();
  await using open = new Disposables();
  const connection = open.use(await connectJsonRpc(server.url, undefined, headers));
  const [token] = await fillWithGuests(connection);
  expect((await fillWithGuests(open.use(await connectJsonRpc(server.url, undefined, headers)))).length).toBe(0);
  // By now the connection has the session of the first guest or of the second.
  expect((await connection.ask('session.start', { name: 'from a session' })).error?.code).toBe('rate_limited');
  const batch = [1, 2, 3].map((id) => ({
    jsonrpc: '2.0',
    id: `b${id}`,
    method: 'session.start',
    params: { name: `batched ${id}` },
  }));
  const answers = (await connection.exchange(JSON.stringify(batch))) as { error?: { data: { code: string } } }[];
  expect(answers.map((answer) => answer.error?.data.code)).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
  expect(await post(headers, '/session', { name: 'over HTTP' })).toBe(429);
  expect(await post({ ...headers, authorization: `Bearer ${token}` }, '/session', { name: 'with a token' })).toBe(429);
  for (const transports of [['websocket'], ['polling']]) {
    const joining = connectSocketIo(server.url, { name: 'by auth' }, { transports, extraHeaders: headers });
    await expect(joining, transports[0]).rejects.toThrow();
  }
  const lines = new WebSocket(`${server.url.replace('http', 'ws')}/`, { headers });
  const said = await new Promise<string>((resolve) =>
    lines.once('message', (data: Buffer) => resolve(data.toString())),
  );
  expect(said).toContain('Too many calls');
  // Another address is not affected, also in line mode.
  await using neighbour = await connectLine(server.url, newAddress());
  expect(neighbour.name).not.toBe('');
});

test('an IPv6 site brings no more by moving among its 65,536 networks', async () => {
  let came = 0;
  for (let network = 0; network < 40; network += 1) {
    const headers = { 'x-forwarded-for': `2001:db8:77:${network.toString(16)}::1` };
    if ((await post(headers, '/session', { name: `six ${network}` })) === 201) came += 1;
  }
  expect(came).toBe(usersPerAddress * 8);
  expect(await post({ 'x-forwarded-for': '2001:db8:78:1::1' }, '/session', { name: 'of another site' })).toBe(201);
});

test.each(Object.keys(commands) as CommandName[])(
  '%s is called no more often than an address may, over all its sessions, connections and transports',
  async (name) => {
    const headers = newAddress();
    const { budget } = commands[name];
    await using open = new Disposables();
    const connections = [
      open.use(await connectJsonRpc(server.url, undefined, headers)),
      open.use(await connectJsonRpc(server.url, undefined, headers)),
    ];
    const [first] = connections as [JsonRpcClient];
    const tokens = await fillWithGuests(first);
    expect(tokens).toHaveLength(usersPerAddress);
    const { user } = await call(first, 'session.get', {});
    const input = sampleInputs({ room: 'lobby', message: 'lobby.3', user: user.id })[name];
    let passed = 0;
    // Each user from each connection, and over HTTP.
    for (const token of tokens) {
      for (const connection of connections) {
        await connection.ask('session.start', { token });
        for (let left = points[budget]; left > 0; left -= 1) {
          const { error } = await connection.ask(name, input);
          if (error?.code !== 'rate_limited') passed += 1;
        }
      }
      for (let left = points[budget]; left > 0; left -= 1) {
        if ((await ask(name, input, { ...headers, authorization: `Bearer ${token}` })) !== 429) passed += 1;
      }
    }
    // The guests themselves have cost their address its whole budget for sessions.
    const spent = budget === 'session' ? points.session * usersPerAddress : 0;
    expect(passed).toBeLessThanOrEqual(points[budget] * usersPerAddress - spent);
    if (budget !== 'session') expect(passed).toBeGreaterThan(0);
  },
);

test('returning with a token is cheap, and a wrong token costs something at every transport', async () => {
  const headers = newAddress();
  const come = async () => {
    await using client = await connectJsonRpc(server.url, undefined, headers);
    return await client.ask('session.start', { name: `comer ${lastAddress}` });
  };
  const { token } = (await come()).result as { token: string };
  const bearer = (of: string) =>
    fetch(`${server.url}/api/session`, { headers: { ...headers, authorization: `Bearer ${of}` } });
  const codes = new Set<number>();
  for (let index = 0; index < points.session * usersPerAddress; index += 1)
    codes.add((await bearer(`wrong-${index}`)).status);
  expect(codes).toEqual(new Set([401, 429]));
  await using client = await connectJsonRpc(server.url, undefined, headers);
  expect((await client.ask('session.start', { token: 'wrong' })).error?.code).toBe('rate_limited');
  expect(await post(headers, '/session', { token: 'wrong' })).toBe(429);
  await expect(
    connectSocketIo(server.url, { token: 'wrong' }, { transports: ['websocket'], extraHeaders: headers }),
  ).rejects.toThrow();
  for (let index = 0; index < 5; index += 1)
    expect((await client.ask('session.start', { token })).error).toBeUndefined();
  expect((await bearer(token)).status).toBe(200);
});

test('a connection whose session changes keeps nothing of the previous one', async () => {
  await using free = await startServer({ flags: ['--limits', 'off'] });
  await using watcher = await connectJsonRpc(free.url, { name: 'watcher' });
  await using client = await connectJsonRpc(free.url, { name: 'first of two' });
  const { room } = await call(client, 'room.create', { name: 'hers alone', kind: 'private' });
  await call(client, 'presence.set', { presence: 'away' });
  // A call that was under way for the first user is not carried out for the second, nor for both.
  const [started, sent, read] = await Promise.all([
    client.ask('session.start', { name: 'second of two' }),
    client.ask('message.send', { room: room.id, text: 'as whom?' }),
    client.ask('log.read', { room: room.id, after: 0 }),
  ]);
  const second = (started.result as { user: { id: string } }).user.id;
  for (const { result, error } of [sent, read]) {
    if (error) expect(['unauthenticated', 'not_found']).toContain(error.code);
    else expect(JSON.stringify(result)).not.toContain(second);
  }
  expect((await client.ask('log.read', { room: room.id, after: 0 })).error?.code).toBe('not_found');
  const { members } = await call(watcher, 'member.list', { room: 'lobby' });
  expect(members.find(({ user }) => user.id === second)?.presence).toBe('online');
});
