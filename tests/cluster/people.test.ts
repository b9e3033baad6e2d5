import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { receives, say } from '../support/chat.ts';
import { call, type TransportClient } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { requestOf } from '../support/http-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { busState, startNodes, type TestNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let workspace: TestNodes;
let first: TestServer;
let second: TestServer;

beforeAll(async () => {
  workspace = await startNodes();
  [first, second] = workspace.nodes as [TestServer, TestServer];
}, 60_000);

afterAll(() => workspace[Symbol.asyncDispose]());

interface Member {
  user: { id: string; name: string };
  presence: string;
}

async function presenceOf(client: TransportClient, name: string): Promise<string | undefined> {
  const { members } = await call(client, 'member.list', { room: 'lobby', limit: 200 });
  return (members as Member[]).find(({ user }) => user.name === name)?.presence;
}

function tellsPresence(client: TransportClient, name: string, presence: string, timeoutMs?: number): Promise<unknown> {
  const isTold = ({ name: event, body }: { name: string; body: Record<string, unknown> }) =>
    event === 'presence.changed' && (body['user'] as Member['user']).name === name && body['presence'] === presence;
  return client.events.first(isTold, timeoutMs);
}

test('people are online, away and offline across nodes', async () => {
  await using ari = await connectJsonRpc(first.url, { name: 'Ari' });
  const bom = await connectJsonRpc(second.url, { name: 'Bom' });
  await tellsPresence(ari, 'Bom', 'online');
  expect(await presenceOf(ari, 'Bom')).toBe('online');
  expect(await presenceOf(bom, 'Ari')).toBe('online');
  await call(bom, 'presence.set', { presence: 'away' });
  await tellsPresence(ari, 'Bom', 'away', 2000);
  expect(await presenceOf(ari, 'Bom')).toBe('away');
  const { members } = await call(ari, 'member.list', { room: 'lobby', present: true });
  expect((members as Member[]).map(({ user }) => user.name).sort()).toEqual(['Ari', 'Bom']);
  await bom.close();
  await tellsPresence(ari, 'Bom', 'offline', 8000);
  expect(await presenceOf(ari, 'Bom')).toBe('offline');
});

test('a user at a node that had none before sees at once who is at the others', async () => {
  await using dan = await connectJsonRpc(first.url, { name: 'Dan' });
  const { room } = await call(dan, 'room.create', { name: 'Quiet' });
  const eve = await connectJsonRpc(second.url, { name: 'Eve' });
  await call(eve, 'room.join', { room: room.id });
  const { members } = await call(eve, 'member.list', { room: room.id });
  expect((members as Member[]).map(({ user, presence }) => [user.name, presence])).toEqual([
    ['Dan', 'online'],
    ['Eve', 'online'],
  ]);
  await dan.events.first(({ name, body }) => name === 'member.joined' && body['room'] === room.id);
  const seen = await call(dan, 'member.list', { room: room.id });
  expect((seen.members as Member[]).map(({ presence }) => presence)).toEqual(['online', 'online']);
  await eve.close();
});

test('a program without a connection sees who is online at any node', async () => {
  await using fay = await connectJsonRpc(first.url, { name: 'Fay' });
  const { room } = await call(fay, 'room.create', { name: 'Watched' });
  const { token } = await startGuest(second.url, 'Robot');
  const ask = async (name: 'room.join' | 'member.list') => {
    const { method, path, body } = requestOf(name, { room: room.id });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${second.url}/api${path}`, { method, headers, ...(body !== undefined && { body }) });
    return (await answer.json()) as { members: Member[] };
  };
  await ask('room.join');
  const { members } = await ask('member.list');
  expect(members.find(({ user }) => user.name === 'Fay')?.presence).toBe('online');
});

test('typing and read marks reach other nodes', async () => {
  await using ari = await connectJsonRpc(first.url, { name: 'Gil' });
  const { token } = await call(await connectJsonRpc(second.url, undefined), 'session.start', { name: 'Hana' });
  await using here = await connectJsonRpc(first.url, { token });
  await using there = await connectJsonRpc(second.url, { token });
  await call(there, 'typing.start', { room: 'lobby' });
  await ari.events.first(
    ({ name, body }) => name === 'typing.started' && (body['user'] as Member['user']).name === 'Hana',
    1000,
  );
  const seq = await say(ari, 'read this');
  await receives(there, 'read this');
  await call(there, 'read.mark', { room: 'lobby', seq });
  await here.events.first(({ name, body }) => name === 'read.marked' && body['seq'] === seq, 1000);
  expect(here.events.all.some(({ name }) => name === 'typing.started')).toBe(false);
});

test('a block at one node takes effect at the others within 1 s: no messages, no signals', async () => {
  await using blocker = await connectJsonRpc(first.url, { name: 'Lia' });
  await using blocked = await connectJsonRpc(second.url, { name: 'Mir' });
  const [me, them] = [(await call(blocker, 'session.get', {})).user, (await call(blocked, 'session.get', {})).user];
  const { room } = await call(blocked, 'direct.open', { user: me.id });
  for (const client of [blocker, blocked]) await call(client, 'room.leave', { room: 'lobby' });
  const signals = () =>
    blocker.events.all.filter(({ name, body }) => {
      const isOfThem = (body['user'] as Member['user'] | undefined)?.id === them.id;
      return isOfThem && (name === 'typing.started' || body['presence'] === 'away');
    }).length;
  await call(blocked, 'message.send', { room: room.id, text: 'before' });
  await receives(blocker, 'before');

  await call(blocker, 'user.block', { user: them.id });
  const since = performance.now();
  const refused = async () => (await blocked.ask('message.send', { room: room.id, text: 'after' })).error?.code;
  await expect.poll(refused, { interval: 20, timeout: 5000 }).toBe('forbidden');
  expect(performance.now() - since).toBeLessThan(1000);
  await blocked.ask('typing.start', { room: room.id });
  await call(blocked, 'presence.set', { presence: 'away' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(signals()).toBe(0);
  expect((await blocker.ask('message.send', { room: room.id, text: 'neither' })).error?.code).toBe('forbidden');

  await call(blocker, 'user.unblock', { user: them.id });
  const isFree = async () => (await blocked.ask('message.send', { room: room.id, text: 'free' })).error === undefined;
  await expect.poll(isFree, { interval: 20, timeout: 5000 }).toBe(true);
  await receives(blocker, 'free');
  // These pass again; the earlier ones would have arrived before them.
  const seen = blocker.events.all.length;
  await call(blocked, 'typing.start', { room: room.id });
  await call(blocked, 'presence.set', { presence: 'online' });
  await blocker.events.until((events) => {
    const names = events.slice(seen).map(({ name }) => name);
    return names.includes('typing.started') && names.includes('presence.changed');
  });
});

test('A3 a session that ends at one node is closed at every node within 1 s', async () => {
  const { token } = await call(await connectJsonRpc(first.url, undefined), 'session.start', { name: 'Ivo' });
  const here = await connectJsonRpc(first.url, { token });
  const there = await connectJsonRpc(second.url, { token });
  const start = performance.now();
  // Its own connection is closed too, with the answer or before it.
  await here.ask('session.end', {}).catch(() => undefined);
  await there.closed;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(there.events.all.at(-1)).toMatchObject({ name: 'session.ended', body: { reason: 'signed_out' } });
});

test('A3 while the bus is down it is closed within 5 s', async () => {
  const { token } = await call(await connectJsonRpc(first.url, undefined), 'session.start', { name: 'Jun' });
  const there = await connectJsonRpc(second.url, { token });
  const here = await connectJsonRpc(first.url, { token });
  await workspace.redis.kill();
  const start = performance.now();
  // Its own connection is closed too, with the answer or before it.
  await here.ask('session.end', {}).catch(() => undefined);
  await there.closed;
  expect(performance.now() - start).toBeLessThan(5500);
  await workspace.redis.start();
});

test('budgets are counted over all nodes', async () => {
  await Promise.all(workspace.nodes.map((node) => busState(node, 'up')));
  const { token } = await call(await connectJsonRpc(first.url, undefined), 'session.start', { name: 'Kim' });
  await using here = await connectJsonRpc(first.url, { token });
  await using there = await connectJsonRpc(second.url, { token });
  const write = async (client: TransportClient, count: number): Promise<string[]> => {
    const answers = await Promise.all(
      Array.from({ length: count }, () => client.ask('presence.set', { presence: 'online' })),
    );
    return answers.map(({ error }) => error?.code ?? 'ok');
  };
  // 120 in 10 s: neither node alone sees too many.
  expect(await write(here, 80)).not.toContain('rate_limited');
  expect(await write(there, 80)).not.toContain('rate_limited');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await write(there, 1)).toEqual(['rate_limited']);
  // The node that was below the budget learns the sum with the next call that it adds.
  await write(here, 1);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await write(here, 1)).toEqual(['rate_limited']);
});
