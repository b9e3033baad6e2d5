import type { CommandOutput } from '@madang/protocol';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { call } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { busState, startNodes, type TestNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** "Why didn't they get it?", asked at any node. */

let workspace: TestNodes;
let one: TestServer;
let two: TestServer;
beforeAll(async () => {
  workspace = await startNodes();
  [one, two] = workspace.nodes as [TestServer, TestServer];
}, 60_000);
afterAll(() => workspace[Symbol.asyncDispose]());

async function trace(node: TestServer, message: string, user: string): Promise<CommandOutput<'delivery.trace'>> {
  const token = readFileSync(join(node.data, 'operator-token'), 'utf8').trim();
  const query = new URLSearchParams({ message, user });
  const response = await fetch(`${node.url}/api/trace?${query.toString()}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as CommandOutput<'delivery.trace'>;
}

test('every node knows the connections at all nodes, and users without any', async () => {
  await using speaker = await transports['/ws'](one.url, { name: 'speaker' });
  const { room } = await call(speaker, 'room.create', { name: 'traced' });
  const { user, token } = await startGuest(two.url, 'listener');
  await call(speaker, 'room.invite', { room: room.id, user: user.id });
  const say = async () => (await call(speaker, 'message.send', { room: room.id, text: 'hello' })).message;

  const missed = await say();
  for (const node of [one, two]) {
    expect(await trace(node, missed.id, user.id)).toMatchObject({ connections: [], reason: 'offline' });
  }
  await using first = await transports['Socket.IO'](two.url, { token });
  await using _second = await transports['/ws'](one.url, { token });
  const heard = await say();
  await first.events.first(({ name, body }) => name === 'message.created' && body['seq'] === heard.seq);
  for (const node of [one, two]) {
    const { connections, reason } = await trace(node, heard.id, user.id);
    expect(connections.map(({ transport }) => transport)).toEqual(['socket.io', 'websocket']);
    for (const { sentAt } of connections) expect(sentAt).toBeGreaterThanOrEqual(heard.at);
    expect(reason).toBeUndefined();
    expect((await trace(node, missed.id, user.id)).backAt).toBeGreaterThanOrEqual(missed.at);
  }
});

test('a node that was started later, or cannot be asked, leaves the answer open', async () => {
  await using speaker = await transports['/ws'](one.url, { name: 'second speaker' });
  const { room } = await call(speaker, 'room.create', { name: 'open' });
  const { user } = await startGuest(one.url, 'nowhere');
  await call(speaker, 'room.invite', { room: room.id, user: user.id });
  const { message } = await call(speaker, 'message.send', { room: room.id, text: 'hello' });
  expect((await trace(one, message.id, user.id)).reason).toBe('offline');
  await two.stop();
  await two.start();
  await busState(two, 'up');
  await expect.poll(async () => (await trace(one, message.id, user.id)).reason, { timeout: 5000 }).toBe('not_here');
  expect((await trace(two, message.id, user.id)).reason).toBe('not_here');
});
