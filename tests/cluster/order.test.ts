import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { receives, run, say, seqsOf } from '../support/chat.ts';
import { startGuest } from '../support/guest.ts';
import type { TestNetwork } from '../support/network.ts';
import { busState, startNodes, type TestNodes } from '../support/nodes.ts';
import { call, type TransportClient } from '../support/transport-client.ts';
import { openEventStream } from '../support/event-stream.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import type { TestServer } from '../support/start-server.ts';

// A PostgreSQL, a Redis and several servers are started, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Three nodes. The first one's connection to Redis can be broken. */
let workspace: TestNodes;
let network: TestNetwork;
/** A node that no longer exists. */
let killed: TestServer | undefined;
beforeAll(async () => {
  workspace = await startNodes({ count: 3, networkTo: 'redis', flags: ['--limits', 'off'] });
  network = workspace.network as TestNetwork;
});
afterEach(async () => {
  network.thaw();
  await Promise.all(workspace.nodes.filter((node) => node !== killed).map((node) => busState(node, 'up')));
});
afterAll(() => workspace[Symbol.asyncDispose]());

let people = 0;
/** A name that nobody has yet. */
function named(name: string): string {
  people += 1;
  return `${name} ${people}`;
}

test('D7 messages sent at several nodes at once are delivered at all of them once and in one order', async () => {
  const clients = await Promise.all(
    workspace.nodes.flatMap((node, index) => [
      connectJsonRpc(node.url, { name: `Json${index}` }),
      connectSocketIo(node.url, { name: `Socket${index}` }),
    ]),
  );
  const sent = clients.map(async (client, sender) => {
    const seqs: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const burst = await Promise.all([0, 1, 2].map((each) => say(client, `${sender}.${round}.${each}`)));
      seqs.push(...burst);
    }
    return seqs;
  });
  const seqs = (await Promise.all(sent)).flat();
  const last = Math.max(...seqs);
  await Promise.all(clients.map((client) => client.events.until(() => seqsOf(client, 'lobby').includes(last))));
  for (const client of clients) {
    const heard = seqsOf(client, 'lobby');
    const from = heard[0] as number;
    expect(heard).toEqual(run(from, last - from + 1));
    expect(heard).toEqual(expect.arrayContaining(seqs));
  }
  await Promise.all(clients.map((client) => client.close()));
});

test('D7 a clientId is told to its author at another node too, and to nobody else there', async () => {
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  const { token } = await startGuest(first.url, named('Author'));
  await using author = await connectJsonRpc(first.url, { token });
  await using elsewhere = await connectSocketIo(second.url, { token });
  await using other = await connectSocketIo(second.url, { name: named('Other') });
  const clientId = crypto.randomUUID();
  await call(author, 'message.send', { room: 'lobby', text: 'whose is it', clientId });
  for (const [client, expected] of [
    [author, clientId],
    [elsewhere, clientId],
    [other, undefined],
  ] as const) {
    const { body } = await client.events.first((event) => textOf(event.body) === 'whose is it');
    expect((body['message'] as { clientId?: string }).clientId).toBe(expected);
  }
});

function textOf(body: Record<string, unknown>): string | undefined {
  return (body['message'] as { text?: string } | undefined)?.text;
}

async function twoPeople(nodes: TestServer[]): Promise<[TransportClient, TransportClient]> {
  const [first, second] = nodes as [TestServer, TestServer];
  return [
    await connectJsonRpc(first.url, { name: named('Ari') }),
    await connectJsonRpc(second.url, { name: named('Bom') }),
  ];
}

test('D7 a user who is invited or joins at another node receives the room from the join on', async () => {
  const [ari, bom] = await twoPeople(workspace.nodes);
  const bomId = (await call(bom, 'session.get', {})).user.id;
  const { room } = await call(ari, 'room.create', { name: 'Secret', kind: 'private' });
  await say(ari, 'before', room.id);
  const start = performance.now();
  await call(ari, 'room.invite', { room: room.id, user: bomId });
  await say(ari, 'welcome', room.id);
  await receives(bom, 'welcome', 2000);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(seqsOf(bom, room.id)).toEqual([4, 5]);
  await call(ari, 'room.remove', { room: room.id, user: bomId });
  await bom.events.first(({ name, body }) => name === 'member.left' && body['room'] === room.id);
  await say(ari, 'without Bom', room.id);
  await call(ari, 'direct.open', { user: bomId });
  await bom.events.first(
    ({ name, body }) => name === 'member.joined' && body['room'] !== room.id && body['room'] !== 'lobby',
  );
  expect(seqsOf(bom, room.id)).toEqual([4, 5, 6]);
  await Promise.all([ari.close(), bom.close()]);
});

const lateBus = {
  'comes late': (way: TestNetwork) => way.slow(400),
  'is lost': (way: TestNetwork) => way.freeze(),
};

for (const [what, befall] of Object.entries(lateBus)) {
  test(`D7 an invitation that ${what}, after the node began to follow the room for another user, lets the user in`, async () => {
    const [far, near] = workspace.nodes as [TestServer, TestServer];
    await using ari = await connectJsonRpc(far.url, { name: named('Ari') });
    await using bom = await connectJsonRpc(near.url, { name: named('Bom') });
    const dan = await connectJsonRpc(near.url, undefined);
    const { token, user } = await call(dan, 'session.start', { name: named('Dan') });
    await dan.close();
    const { room } = await call(ari, 'room.create', { name: 'Secret', kind: 'private' });
    await call(ari, 'room.invite', { room: room.id, user: user.id });
    const bomId = (await call(bom, 'session.get', {})).user.id;
    befall(network);
    await call(ari, 'room.invite', { room: room.id, user: bomId });
    await say(ari, 'read from the log', room.id);
    await using _back = await connectJsonRpc(near.url, { token });
    const joined = await bom.events.first(
      ({ name, body }) => name === 'member.joined' && body['room'] === room.id,
      10_000,
    );
    expect(joined.body['user']).toMatchObject({ id: bomId });
    const behind = await bom.events.first(({ name, body }) => name === 'room.behind' && body['room'] === room.id);
    expect(behind.body['head']).toBe(Number(joined.body['seq']) + 1);
    await say(ari, 'heard', room.id);
    await receives(bom, 'heard', 2000);
  });
}

test('D4 a stream that resumes at a node that is behind receives nothing out of order', async () => {
  const [late, other] = workspace.nodes as [TestServer, TestServer];
  await using bom = await connectJsonRpc(other.url, undefined);
  const { token } = await call(bom, 'session.start', { name: named('Bom') });
  // At the late node too, where the first client of a room would wait for the bus.
  await using there = await connectJsonRpc(late.url, { token });
  const stream = await openEventStream(other.url, { token });
  network.freeze();
  // The log is checked every second. Until the node finds this event there, it knows nothing of later ones.
  await say(bom, 'found in the log');
  await receives(there, 'found in the log', 10_000);
  for (const text of ['one', 'two', 'three']) await say(bom, text);
  await stream.events.until((all) => all.some(({ body }) => textOf(body) === 'three'));
  await stream.close();
  const known = stream.settled().at(-1)?.body['seq'] as number;
  await say(bom, 'missed');
  const again = await openEventStream(late.url, { token, lastEventId: stream.lastEventId() });
  await again.events.first(({ body }) => textOf(body) === 'missed');
  await say(bom, 'live');
  // If it is committed while the stream still reads the log, it is a part of that.
  await again.events.first(
    ({ name, body }) => (name === 'room.behind' && body['head'] === known + 2) || body['seq'] === known + 2,
  );
  const seqs = again.events.all.map(({ body }) => body['seq']).filter((seq) => seq !== undefined);
  expect(seqs).toEqual([known + 1, known + 2].slice(0, seqs.length));
  await again.close();
});

test('D7 a Redis Cluster carries it with sharded pub/sub', async () => {
  await using sharded = await startNodes({ isCluster: true });
  const [ari, bom] = await twoPeople(sharded.nodes);
  const start = performance.now();
  await say(ari, 'over a shard');
  await receives(bom, 'over a shard', 2000);
  expect(performance.now() - start).toBeLessThan(500);
  expect(await sharded.redis.ask('PUBSUB SHARDNUMSUB')).toBeDefined();
  expect(await sharded.redis.ask('PUBSUB CHANNELS')).toBe('*0');
  await Promise.all([ari.close(), bom.close()]);
});

test('D4 a client that reconnects to another node resumes there', async () => {
  // The last test, since it stops a node: not the one whose connection can be broken.
  const [second, , first] = workspace.nodes as [TestServer, TestServer, TestServer];
  const ari = await connectJsonRpc(first.url, { name: named('Ari') });
  const bom = await connectJsonRpc(first.url, undefined);
  const { token } = await call(bom, 'session.start', { name: named('Bom') });
  const seen = await say(ari, 'one');
  await receives(bom, 'one');
  await bom.close();
  await say(ari, 'two');
  killed = first;
  await first.kill();
  const back = await connectJsonRpc(second.url, { token });
  const { rooms } = await call(back, 'sync', { cursors: { lobby: seen } });
  const missed = rooms['lobby'] as unknown as { events: { message: { text: string } }[] };
  expect(missed.events.map(({ message }) => message.text)).toEqual(['two']);
  await say(back, 'here again');
  await receives(back, 'here again');
  await back.close();
});
