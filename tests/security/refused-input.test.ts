import { budgets, formatLimits } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** The part of these budgets that may be refilled during the test. */
const POINTS = 6;

let server: TestServer;
let lastAddress = 0;
beforeAll(async () => {
  const small = ['--refused-budget', `${POINTS}/600`, '--send-budget', `${POINTS}/600`];
  server = await startServer({ flags: ['--trusted-proxies', 'loopback', '--session-budget', '999/1', ...small] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** An address that has spent nothing. */
function newAddress(): string {
  lastAddress += 1;
  return `203.0.113.${lastAddress}`;
}

/** Repeats a call until it is `rate_limited`; resolves to how often it was not. */
async function countUntilLimited(ask: () => Promise<string>): Promise<number> {
  for (let count = 0; ; count += 1) {
    if ((await ask()) === 'rate_limited') return count;
    expect(count).toBeLessThanOrEqual(POINTS);
  }
}

/** The code of the answer of `/ws` to a text that contains no call. */
async function codeOf(client: JsonRpcClient, text: string | Buffer): Promise<string> {
  const answer = (await client.exchange(text)) as { error: { data: { code: string } } };
  return answer.error.data.code;
}

describe('refused calls cost as much as successful ones', () => {
  test.each(transportNames)('a call with a bad input, at %s', async (transport) => {
    await using client = await transports[transport](server.url, { name: `bad at ${transport}` });
    expect(await countUntilLimited(() => outcome(client, 'message.send', { room: 'lobby', text: 7 }))).toBe(POINTS);
    expect(await outcome(client, 'message.send', { room: 'lobby', text: 'good' })).toBe('rate_limited');
  });

  test.each(['Socket.IO', 'Socket.IO polling', '/ws'] as const)('an unknown command, at %s', async (transport) => {
    await using client = await transports[transport](server.url, { name: `unknown at ${transport}` });
    expect(await countUntilLimited(() => outcome(client, 'nosuch', {}))).toBe(POINTS);
    expect(await outcome(client, 'message.send', { room: 'lobby', text: 'a call goes on' })).toBe('ok');
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['no request', '{"jsonrpc":"2.0"}'],
    ['too many requests at once', JSON.stringify(Array.from({ length: 101 }, () => 1))],
    ['a binary frame', Buffer.from('binary')],
  ])('%s at /ws', async (_what, text) => {
    await using client = await connectJsonRpc(server.url, undefined, { 'x-forwarded-for': newAddress() });
    expect(await countUntilLimited(() => codeOf(client, text))).toBe(POINTS);
  });

  test('each request of a batch', async () => {
    await using client = await connectJsonRpc(server.url, undefined, { 'x-forwarded-for': newAddress() });
    const batch = Array.from({ length: POINTS * 2 }, (_, id) => ({ jsonrpc: '2.0', id: `b${id}`, method: 'nosuch' }));
    const answers = (await client.exchange(JSON.stringify(batch))) as { error: { data: { code: string } } }[];
    const limited = answers.filter(({ error }) => error.data.code === 'rate_limited');
    expect(limited).toHaveLength(POINTS);
  });

  test.each([
    ['a body that is not JSON', '/api/session', { method: 'POST', body: '{' }],
    ['a body that is no object', '/api/session', { method: 'POST', body: '[]' }],
    ['a token that is none', '/api/session', { headers: { authorization: 'Bearer nonsense' } }],
    ['an unknown route', '/api/nosuch', {}],
  ])(
    '%s over HTTP',
    async (_what, path, init: { method?: string; body?: string; headers?: { authorization: string } }) => {
      const headers = { ...init.headers, 'content-type': 'application/json', 'x-forwarded-for': newAddress() };
      const ask = async () => {
        const response = await fetch(`${server.url}${path}`, { ...init, headers });
        return ((await response.json()) as { code: string }).code;
      };
      expect(await countUntilLimited(ask)).toBe(POINTS);
    },
  );

  test('an unknown namespace of Socket.IO; the connection then ends', async () => {
    const headers = [`X-Forwarded-For: ${newAddress()}`];
    const path = '/socket.io/?EIO=4&transport=websocket';
    await using client = await openRawWebSocket(server.port, path, headers);
    const refusals = (all: readonly string[]) => all.filter((text) => text.startsWith('44/nosuch,')).length;
    for (let count = 1; count <= POINTS; count += 1) {
      client.send('40/nosuch,');
      await client.texts.until((all) => refusals(all) === count);
    }
    client.send('40/nosuch,');
    expect(await client.closeCode).toBe(1002);
  });
});

describe('sync', () => {
  const cursorsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`nosuchroom${index}`, 0]));

  test('costs as much as it has cursors, so that a user with 500 rooms can resume, but not all the time', async () => {
    const { points } = budgets.read;
    const { token } = await startGuest(server.url, 'many rooms');
    await using client: TransportClient = await transports['/ws'](server.url, { token });
    const all = cursorsOf(formatLimits.syncRooms);
    const { rooms } = await call(client, 'sync', { cursors: all });
    expect(Object.values(rooms)).toHaveLength(formatLimits.syncRooms);
    let synced = 1;
    while ((await outcome(client, 'sync', { cursors: all })) === 'ok') synced += 1;
    const cost = formatLimits.syncRooms / formatLimits.syncRoomsPerPoint;
    expect(synced).toBeGreaterThanOrEqual(Math.floor(points / cost) - 1);
    // Allows for what was refilled meanwhile.
    expect(synced).toBeLessThanOrEqual(2 * Math.ceil(points / cost));
  });

  test('costs no more than the whole budget: expensive calls stay possible', async () => {
    await using poor = await startServer({ flags: ['--read-budget', '10/600'] });
    const { token } = await startGuest(poor.url, 'poor');
    // Over HTTP nothing was read before.
    const ask = async () => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ cursors: cursorsOf(formatLimits.syncRooms) });
      return (await fetch(`${poor.url}/api/sync`, { method: 'POST', headers, body })).status;
    };
    expect([await ask(), await ask()]).toEqual([200, 429]);
  });
});
