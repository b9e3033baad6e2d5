import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { receives, run, say, seqsOf } from '../support/chat.ts';
import type { TransportClient } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { busState, readiness, startNodes, type TestNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';
import { whileTalking } from '../support/while-talking.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let workspace: TestNodes;
let first: TestServer;
let second: TestServer;
let ari: TransportClient;
let bom: TransportClient;

beforeAll(async () => {
  workspace = await startNodes({ flags: ['--limits', 'off'] });
  [first, second] = workspace.nodes as [TestServer, TestServer];
  ari = await connectJsonRpc(first.url, { name: 'Ari' });
  bom = await connectJsonRpc(second.url, { name: 'Bom' });
}, 60_000);

afterAll(async () => {
  await ari.close();
  await bom.close();
  await workspace[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await Promise.all(workspace.nodes.map((node) => busState(node, 'up')));
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Checks that Bom received events without a gap or a repeat. */
function expectWhole(): void {
  const heard = seqsOf(bom, 'lobby');
  expect(heard).toEqual(run(heard[0] as number, heard.length));
}

test('O1 while Redis is gone sends are acknowledged and delivered within 2 s, and recovery is automatic', async () => {
  const { send, delivery } = await whileTalking(ari, bom, async () => {
    await workspace.redis.kill();
    await sleep(4000);
  });
  expect(await readiness(first)).toEqual({ status: 'degraded', store: 'ok', bus: 'down' });
  expect(send).toBeLessThan(1000);
  expect(delivery).toBeLessThan(2000);
  expectWhole();
  await workspace.redis.start();
  const recovery = await Promise.all(workspace.nodes.map((node) => busState(node, 'up')));
  expect(await readiness(first)).toEqual({ status: 'ready', store: 'ok', bus: 'up' });
  await say(ari, 'Redis is back');
  const fast = await receives(bom, 'Redis is back');
  report({ send, delivery, recovery: Math.max(...recovery), fast });
  expect(fast).toBeLessThan(500);
  expectWhole();
});

test('O1 a Redis that restarts empty costs no more than a moment', async () => {
  const { send, delivery } = await whileTalking(ari, bom, async () => {
    await workspace.redis.kill();
    await workspace.redis.start();
    await sleep(3000);
  });
  report({ send, delivery });
  expect(delivery).toBeLessThan(2000);
  expectWhole();
});

test('O1 a frozen Redis is noticed even though its connections stay open', async () => {
  const { send, delivery } = await whileTalking(ari, bom, async () => {
    workspace.redis.freeze();
    const noticed = await Promise.all(workspace.nodes.map((node) => busState(node, 'down')));
    report({ noticed: Math.max(...noticed) });
    expect(Math.max(...noticed)).toBeLessThan(3000);
    await sleep(5000);
    workspace.redis.thaw();
    await Promise.all(workspace.nodes.map((node) => busState(node, 'up')));
  });
  report({ send, delivery });
  expect(send).toBeLessThan(1000);
  expect(delivery).toBeLessThan(2500);
  expectWhole();
});

test('O1 a full Redis still carries messages', async () => {
  await workspace.redis.ask('CONFIG SET maxmemory 1');
  try {
    const { send, delivery } = await whileTalking(ari, bom, () => sleep(1500));
    report({ send, delivery });
    expect(send).toBeLessThan(1000);
    expect(delivery).toBeLessThan(1000);
    expect((await readiness(second))['bus']).toBe('up');
    // A client that connects now needs a subscription, which a full Redis still grants.
    await using cho = await connectJsonRpc(second.url, { name: 'Cho' });
    await say(ari, 'to Cho');
    expect(await receives(cho, 'to Cho')).toBeLessThan(1000);
  } finally {
    await workspace.redis.ask('CONFIG SET maxmemory 0');
  }
});

test('O1 a slow Redis delays no send, and its late messages are delivered in time', async () => {
  const { send, delivery } = await whileTalking(ari, bom, async () => {
    // Each waits until the pause before it is over.
    for (let pause = 0; pause < 5; pause += 1) await workspace.redis.ask('CLIENT PAUSE 700 ALL');
  });
  report({ send, delivery });
  expect(send).toBeLessThan(1000);
  expect(delivery).toBeLessThan(2000);
  expectWhole();
});

test('O1 rooms joined elsewhere while Redis is gone are received', async () => {
  await workspace.redis.kill();
  await busState(second, 'down');
  const bomId = ((await bom.ask('session.get', {})).result as { user: { id: string } }).user.id;
  const { room } = (await ari.ask('room.create', { name: 'Emergency' })).result as { room: { id: string } };
  await ari.ask('room.invite', { room: room.id, user: bomId });
  await say(ari, 'do you hear me', room.id);
  report({ joinedWithoutBus: await receives(bom, 'do you hear me') });
  expect(seqsOf(bom, room.id)).toEqual([3, 4]);
  await workspace.redis.start();
});

/** Prints times, to show how they develop. */
function report(times: Record<string, number>): void {
  const words = Object.entries(times).map(([name, ms]) => `${name} ${Math.round(ms)} ms`);
  process.stdout.write(`  ${expect.getState().currentTestName ?? ''}: ${words.join(', ')}\n`);
}
