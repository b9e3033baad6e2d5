import { type Client, createClient } from '@madang/client';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { receives, say } from '../support/chat.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startNodes, type TestNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';
import { call } from '../support/transport-client.ts';

// They start a PostgreSQL, a Redis and two servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** How soon a change at one node is known to clients at another: over the bus, and without it, in ms. */
const SOON_MS = 1000;
const WITHOUT_BUS_MS = 6000;

let workspace: TestNodes;
let first: TestServer;
let second: TestServer;

beforeAll(async () => {
  workspace = await startNodes({ flags: ['--limits', 'off'] });
  [first, second] = workspace.nodes as [TestServer, TestServer];
});
afterAll(() => workspace[Symbol.asyncDispose]());

/** The SDK's client of a user, at the second node. */
function follow({ token }: Guest, transport: 'socket.io' | 'websocket'): Client {
  const client = createClient({ url: second.url, token, transport });
  onTestFinished(() => client.close());
  client.connect();
  return client;
}

const canIn = (client: Client, room: string) => client.rooms.get().find(({ id }) => id === room)?.can;

/** Resolves when what a user may do has become so; fails if that takes longer. */
const becomes = (client: Client, room: string, can: object, timeout: number) =>
  expect.poll(() => canIn(client, room), { timeout, interval: 20 }).toMatchObject(can);

test('a user who is removed at one node hears nothing more at the other, and nobody else is disturbed', async () => {
  const owner = await startGuest(first.url, 'Owner');
  const [gone, stays] = [await startGuest(second.url, 'Gone'), await startGuest(second.url, 'Stays')];
  await using host = await connectJsonRpc(first.url, { token: owner.token });
  await using removed = await connectJsonRpc(second.url, { token: gone.token });
  await using other = await connectJsonRpc(second.url, { token: stays.token });
  const { room } = await call(host, 'room.create', { name: 'private', kind: 'private' });
  for (const { user } of [gone, stays]) await call(host, 'room.invite', { room: room.id, user: user.id });
  await say(host, 'all hear this', room.id);
  await Promise.all([receives(removed, 'all hear this'), receives(other, 'all hear this')]);
  const told = other.events.all.length;
  await call(host, 'room.remove', { room: room.id, user: gone.user.id });
  const left = await removed.events.first(({ name }) => name === 'member.left', SOON_MS);
  expect(left.body['user']).toMatchObject({ id: gone.user.id });
  const heard = removed.events.all.length;
  await say(host, 'without you', room.id);
  await call(host, 'typing.start', { room: room.id });
  await other.events.first(({ name }) => name === 'typing.started', SOON_MS);
  // Who stays hears each of them once, and is asked to read nothing again.
  const since = other.events.all.slice(told).map(({ name }) => name);
  expect(since.filter((name) => name !== 'presence.changed')).toEqual([
    'member.left',
    'message.created',
    'typing.started',
  ]);
  const inRoom = removed.events.all.slice(heard).filter(({ body }) => body['room'] === room.id);
  expect(inRoom).toEqual([]);
});

test('what a user may do changes at the other node too: within a second, and without the bus within a few', async () => {
  const ann = await startGuest(first.url, 'Ann');
  const bob = await startGuest(second.url, 'Bob');
  await using host = await connectJsonRpc(first.url, { token: ann.token });
  await using listener = await connectJsonRpc(second.url, { token: bob.token });
  const clients = [follow(bob, 'socket.io'), follow(bob, 'websocket')];
  const all = (room: string, can: object, timeout: number) =>
    Promise.all(clients.map((client) => becomes(client, room, can, timeout)));
  const { room: direct } = await call(host, 'direct.open', { user: bob.user.id });
  const owned: string[] = [];
  for (const name of ['one', 'two']) {
    const { room } = await call(host, 'room.create', { name });
    await call(listener, 'room.join', { room: room.id });
    owned.push(room.id);
  }
  await all(direct.id, { write: true }, 10_000);
  await all(owned[0]!, { manage: false }, 10_000);

  // The last owner leaves: who was there next has the room.
  await call(host, 'room.leave', { room: owned[0]! });
  await all(owned[0]!, { manage: true, removeMembers: true }, SOON_MS);
  // A block is no event; `access.changed` tells of it.
  await call(host, 'user.block', { user: bob.user.id });
  await all(direct.id, { write: false }, SOON_MS);
  await call(host, 'user.unblock', { user: bob.user.id });
  await all(direct.id, { write: true }, SOON_MS);

  await workspace.redis.kill();
  await call(host, 'room.leave', { room: owned[1]! });
  await call(host, 'user.block', { user: bob.user.id });
  await all(owned[1]!, { manage: true }, WITHOUT_BUS_MS);
  await all(direct.id, { write: false }, WITHOUT_BUS_MS);
  await call(host, 'user.unblock', { user: bob.user.id });
  await all(direct.id, { write: true }, WITHOUT_BUS_MS);
  await workspace.redis.start();
});
