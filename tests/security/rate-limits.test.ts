import { type Budget, budgets, type CommandName, commands } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { connectHttp } from '../support/http-client.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** For each budget a command that spends it, with an input whose calls are all ordinary. */
const spending: Record<
  Exclude<Budget, 'refused' | 'connect'>,
  { name: CommandName; input: (index: number) => object }
> = {
  session: { name: 'user.update', input: (index) => ({ name: `spender ${index}` }) },
  send: { name: 'message.send', input: (index) => ({ room: 'lobby', text: `${index}` }) },
  write: { name: 'room.join', input: () => ({ room: 'lobby' }) },
  read: { name: 'room.list', input: () => ({ limit: 1 }) },
  signal: { name: 'presence.set', input: () => ({ presence: 'online' }) },
};

test('every command has a budget that is tested here', () => {
  for (const { budget } of Object.values(commands)) expect(Object.keys(spending)).toContain(budget);
});

/** Makes calls one after the other, several at a time, until one is not `ok`; resolves to how many were. */
async function spendUp(client: TransportClient, budget: keyof typeof spending): Promise<number> {
  const { name, input } = spending[budget];
  let spent = 0;
  for (;;) {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => outcome(client, name, input(spent + index))),
    );
    const ok = outcomes.filter((each) => each === 'ok').length;
    spent += ok;
    if (ok < outcomes.length) {
      expect(new Set(outcomes.slice(ok))).toEqual(new Set(['rate_limited']));
      return spent;
    }
  }
}

describe('a budget', () => {
  let other: Guest;
  beforeAll(async () => {
    other = await startGuest(server.url, 'another');
  });

  test.each(Object.keys(spending) as (keyof typeof spending)[])(
    '"%s" is spent by one user at all transports together, and by nobody else',
    async (budget) => {
      const { points, seconds } = budgets[budget];
      const { name, input } = spending[budget];
      const guest = await startGuest(server.url, `spends ${budget}`);
      await using webSocket = await connectJsonRpc(server.url, guest);
      await using http = await connectHttp(server.url, guest);
      const before = performance.now();
      const spent = await spendUp(webSocket, budget);
      const took = (performance.now() - before) / 1000;
      // Allows for what was refilled meanwhile; signing in may have cost some.
      expect(spent).toBeGreaterThanOrEqual(points - 5);
      expect(spent).toBeLessThanOrEqual(points * (1 + Math.floor(took / seconds)));
      const { error } = await http.ask(name, input(9999));
      expect(error).toMatchObject({ code: 'rate_limited', retryAfter: expect.any(Number) as number });
      expect(error?.retryAfter).toBeGreaterThan(0);
      expect(error?.retryAfter).toBeLessThanOrEqual(seconds);
      await using neighbour = await connectHttp(server.url, other);
      expect(await outcome(neighbour, name, input(10_000))).toBe('ok');
    },
  );

  test('for sessions is spent by the address before there is a user; Retry-After says how long', async () => {
    await using own = await startServer();
    const { points } = budgets.session;
    const start = (name: string) => fetch(`${own.url}/api/session`, { method: 'POST', body: JSON.stringify({ name }) });
    for (let index = 0; index < points; index += 1) expect((await start(`guest ${index}`)).status).toBe(201);
    const refused = await start('one too many');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Claiming another address without a trusted proxy doesn't help.
    const forged = await fetch(`${own.url}/api/session`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '203.0.113.9' },
      body: '{"name":"forger"}',
    });
    expect(forged.status).toBe(429);
    for (const transport of transportNames)
      await expect(transports[transport](own.url, { name: `at ${transport}` }), transport).rejects.toThrow();
  });
});

test('behind a trusted proxy each address has its own budget', async () => {
  await using proxied = await startServer({ flags: ['--trusted-proxies', 'loopback'] });
  const start = async (name: string, address: string) => {
    const init = { method: 'POST', headers: { 'x-forwarded-for': address }, body: JSON.stringify({ name }) };
    return (await fetch(`${proxied.url}/api/session`, init)).status;
  };
  for (let index = 0; index < budgets.session.points; index += 1) await start(`guest ${index}`, '203.0.113.1');
  expect(await start('refused', '203.0.113.1')).toBe(429);
  expect(await start('another', '203.0.113.2')).toBe(201);
  // An IPv6 host counts with all of its /64.
  for (let index = 0; index < budgets.session.points; index += 1) await start(`six ${index}`, `2001:db8::${index + 1}`);
  expect(await start('same host', '2001:db8::ffff')).toBe(429);
  expect(await start('another host', '2001:db8:0:1::1')).toBe(201);
  // However a proxy writes an address, with whatever port, it is the same.
  for (const same of [
    '203.0.113.1:1',
    '203.0.113.1:65535',
    '203.0.113.7, 203.0.113.1:4711',
    '::ffff:203.0.113.1',
    '[::FFFF:cb00:7101]:80',
    '203.0.113.1:9, 127.0.0.1:8080',
    '2001:db8::5',
    '2001:0DB8:0000:0000::5',
    '[2001:db8::6]',
    '[2001:db8::7]:4711',
    '2001:db8::8%eth0',
  ]) {
    expect(await start('again', same), same).toBe(429);
  }
  expect(await start('a third', '203.0.113.3:4711')).toBe(201);
  // Text that is no address counts as the proxy's own.
  const nonsense = ['unknown', '', '203.0.113', '203.0.113.999:1', '[2001:db8::1', '_hidden:1', '203.0.113.1:'];
  const answers: number[] = [];
  for (let index = 0; index <= budgets.session.points; index += 1) {
    answers.push(await start(`hidden ${index}`, nonsense[index % nonsense.length] as string));
  }
  expect(new Set(answers.slice(0, -1))).toEqual(new Set([201]));
  expect(answers.at(-1)).toBe(429);
});

test('--limits off turns budgets off', async () => {
  await using free = await startServer({ flags: ['--limits', 'off'] });
  await using client = await transports['/ws'](free.url, { name: 'free' });
  const wanted = budgets.send.points * 2;
  const outcomes = await Promise.all(
    Array.from({ length: wanted }, (_, index) => outcome(client, 'message.send', { room: 'lobby', text: `${index}` })),
  );
  expect(outcomes.filter((each) => each === 'ok')).toHaveLength(wanted);
});

test('unanswered calls of one connection are limited, below and above the limit', async () => {
  await using bounded = await startServer({ flags: ['--limits', 'off', '--max-calls-in-flight', '4'] });
  await using client = await connectJsonRpc(bounded.url, { name: 'pusher' });
  const push = async (count: number) => {
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, index) => outcome(client, 'message.send', { room: 'lobby', text: `${index}` })),
    );
    return outcomes.filter((each) => each === 'rate_limited').length;
  };
  expect(await push(4)).toBe(0);
  expect(await push(40)).toBeGreaterThan(0);
  await call(client, 'message.send', { room: 'lobby', text: 'and on it goes' });
});
