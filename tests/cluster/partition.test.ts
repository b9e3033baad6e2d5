import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { receives, run, say, seqsOf } from '../support/chat.ts';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { isLong } from '../support/long.ts';
import type { Direction, TestNetwork } from '../support/network.ts';
import { busState, readiness, startNodes, type TestNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';
import { whileTalking } from '../support/while-talking.ts';
import { expectNothingLost, sendUntilAccepted, lobbyTexts, startWriter } from '../support/writer.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** What is lost: everything, what the node would receive, or what it sends. */
const directions: Direction[] = isLong ? ['both', 'answers', 'requests'] : ['both', 'answers'];

/** Two nodes with one user each. The first node can be cut off. */
interface CutWorkspace {
  workspace: TestNodes;
  network: TestNetwork;
  cut: TestServer;
  other: TestServer;
  ari: TransportClient;
  bom: TransportClient;
  /** A room other than the lobby, with both users in it. */
  room: string;
}

async function startCutWorkspace(from: 'postgres' | 'redis'): Promise<CutWorkspace> {
  const workspace = await startNodes({ flags: ['--limits', 'off'], networkTo: from });
  const [cut, other] = workspace.nodes as [TestServer, TestServer];
  const ari = await connectJsonRpc(cut.url, { name: 'Ari' });
  const bom = await connectJsonRpc(other.url, { name: 'Bom' });
  const { room } = await call(ari, 'room.create', { name: 'Beside' });
  await call(bom, 'room.join', { room: room.id });
  return { workspace, network: workspace.network as TestNetwork, cut, other, ari, bom, room: room.id };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Checks that a client received events without a gap or a repeat. */
function expectWhole(client: TransportClient): void {
  const heard = seqsOf(client, 'lobby');
  expect(heard).toEqual(run(heard[0] as number, heard.length));
}

describe('a node is silently cut off from Redis', () => {
  let parts: CutWorkspace;
  beforeAll(async () => {
    parts = await startCutWorkspace('redis');
    return () => parts.workspace[Symbol.asyncDispose]();
  });

  for (const direction of directions) {
    test(`O1 what is lost is ${direction}: everything is acknowledged and delivered within 2 s, and recovery is automatic`, async () => {
      const { network, cut, other, ari, bom } = parts;
      const cutOff = async () => {
        network.freeze(direction);
        await busState(cut, 'down');
        expect(await readiness(cut)).toEqual({ status: 'degraded', store: 'ok', bus: 'down' });
        expect(await readiness(other)).toMatchObject({ store: 'ok', bus: 'up' });
        await sleep(2500);
        network.thaw();
        await busState(cut, 'up');
      };
      const happening = cutOff();
      // In two rooms, so that the messages of one don't reveal those of the other.
      const [there, back] = await Promise.all([
        whileTalking(ari, bom, () => happening, 'lobby'),
        whileTalking(bom, ari, () => happening, parts.room),
      ]);
      const delivery = Math.max(there.delivery, back.delivery);
      process.stdout.write(`  Redis, ${direction} lost: heard within ${Math.round(delivery)} ms\n`);
      expect(Math.max(there.send, back.send)).toBeLessThan(1000);
      expect(delivery).toBeLessThan(2500);
      await say(ari, `fast again ${direction}`);
      expect(await receives(bom, `fast again ${direction}`)).toBeLessThan(500);
      expectWhole(ari);
      expectWhole(bom);
    });
  }
});

describe('a node is silently cut off from PostgreSQL', () => {
  let parts: CutWorkspace;
  beforeAll(async () => {
    parts = await startCutWorkspace('postgres');
  });
  afterEach(() => parts.network.thaw());
  afterAll(() => parts.workspace[Symbol.asyncDispose]());

  for (const direction of directions) {
    test(`O2 D3 what is lost is ${direction}: its sends are refused within 5 s, the other node continues, and nothing is lost or repeated`, async () => {
      const { network, cut, other, ari, bom } = parts;
      await using writer = await startWriter(cut.url, `cut-${direction}`);
      await using elsewhere = await startWriter(other.url, `other-${direction}`);
      const input = { room: 'lobby', text: `during-${direction}`, clientId: `during-${direction}` };
      network.freeze(direction);
      const start = performance.now();
      const answers = await Promise.all([
        outcome(ari, 'message.send', input),
        outcome(ari, 'log.read', { room: 'lobby', after: 0 }),
        readiness(cut),
      ]);
      const refused = performance.now() - start;
      expect(answers).toEqual([
        'unavailable',
        'unavailable',
        { status: 'unavailable', store: 'down', reason: expect.any(String) as unknown, bus: 'up' },
      ]);
      // Messages from others come over the bus. The node needs no database for them, unless it has to read a gap.
      await say(bom, `others-${direction}`, parts.room);
      expect(await receives(ari, `others-${direction}`)).toBeLessThan(1000);
      network.thaw();
      const taken = await sendUntilAccepted(ari, input.text);
      process.stdout.write(
        `  PostgreSQL, ${direction} lost: refused after ${Math.round(refused)} ms, took again after ${Math.round(taken)} ms\n`,
      );
      expect(refused).toBeLessThan(5000);
      await expectNothingLost(bom, [writer, elsewhere]);
      expect([...(await lobbyTexts(bom)).values()].filter((text) => text === input.text)).toHaveLength(1);
      expectWhole(ari);
      expectWhole(bom);
    });
  }

  test('D7 a commit whose answer is lost is delivered at every node without another event in its room', async () => {
    const { network, ari, bom } = parts;
    await vi.waitFor(async () => expect(await readiness(parts.cut)).toMatchObject({ status: 'ready' }), 10_000);
    network.freezeAnswersTo('COMMIT');
    const input = { room: 'lobby', text: 'unanswered', clientId: 'unanswered' };
    expect(await outcome(ari, 'message.send', input)).toBe('unavailable');
    // The node that can't know whether it was committed tells the other one to look.
    const elsewhere = await receives(bom, 'unanswered', 3000);
    network.thaw();
    const here = await receives(ari, 'unanswered', 3000);
    process.stdout.write(
      `  a commit without an answer was heard elsewhere after ${Math.round(elsewhere)} ms, here ${Math.round(here)} ms after the network was back\n`,
    );
    const { seq } = (await ari.ask('message.send', input)).result as { message: { seq: number } }['message'];
    expect(seqsOf(bom, 'lobby').filter((each) => each === seq).length).toBeLessThanOrEqual(1);
    expectWhole(ari);
    expectWhole(bom);
    expect([...(await lobbyTexts(bom)).values()].filter((text) => text === 'unanswered')).toHaveLength(1);
  });
});
