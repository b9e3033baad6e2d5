import { createClient } from '@madang/client';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { receives, run, say, seqsOf } from '../support/chat.ts';
import { call, outcome } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { connectLine } from '../support/line-client.ts';
import { readiness, startNodes } from '../support/nodes.ts';
import { startRedis } from '../support/redis.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { startPostgres } from '../support/postgres.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine, and then mostly waits.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000, maxConcurrency: 2 });

test.concurrent('O2 while PostgreSQL is gone sends fail with unavailable, nothing is shown, and nobody is disconnected', async () => {
  await using workspace = await startNodes({ flags: ['--limits', 'off'] });
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  const ari = await connectJsonRpc(first.url, { name: 'Ari' });
  const bom = await connectJsonRpc(second.url, { name: 'Bom' });
  await say(ari, 'before');
  await receives(bom, 'before');
  await workspace.postgres.kill();
  const input = { room: 'lobby', text: 'during', clientId: 'the-same' };
  const start = performance.now();
  expect(await outcome(ari, 'message.send', input)).toBe('unavailable');
  const refusedMs = performance.now() - start;
  expect(await readiness(first)).toMatchObject({ status: 'unavailable', store: 'down', bus: 'up' });
  await workspace.postgres.start();
  const restarted = performance.now();
  // Like an outbox: the same send, until it is accepted.
  while ((await outcome(ari, 'message.send', input)) !== 'ok') await new Promise((resolve) => setTimeout(resolve, 100));
  const recoveredMs = performance.now() - restarted;
  await receives(bom, 'during');
  process.stdout.write(
    `  refused after ${Math.round(refusedMs)} ms, took again ${Math.round(recoveredMs)} ms after the start\n`,
  );
  expect(refusedMs).toBeLessThan(5000);
  const heard = seqsOf(bom, 'lobby');
  expect(heard).toEqual(run(heard[0] as number, heard.length));
  const texts = bom.events.all.map(({ body }) => (body['message'] as { text?: string } | undefined)?.text);
  expect(texts.filter((text) => text === 'during')).toHaveLength(1);
  await Promise.all([ari.close(), bom.close()]);
});

test.concurrent('O2 clients that connect while PostgreSQL is gone keep their session and their unsent messages', async () => {
  await using workspace = await startNodes({ count: 1 });
  const [node] = workspace.nodes as [TestServer];
  const { token } = await startGuest(node.url, 'Ari');
  await workspace.postgres.kill();
  const ari = createClient({ url: node.url, transport: 'websocket', token, backOff: { minMs: 50, maxMs: 200 } });
  ari.connect();
  const { sent } = ari.send('lobby', 'written while it was gone');
  expect(await closeCode(new WebSocket(`${node.url}/ws`, { headers: { authorization: `Bearer ${token}` } }))).toBe(
    1013,
  );
  expect(await closeCode(new WebSocket(node.url))).toBe(1013);
  await workspace.postgres.start();
  expect((await sent).text).toBe('written while it was gone');
  await ari.close();
});

async function closeCode(webSocket: WebSocket): Promise<number> {
  const [code] = (await once(webSocket, 'close')) as [number];
  return code;
}

test.concurrent('D7 nodes without a bus find each other’s events within 2 s', async () => {
  await using postgres = await startPostgres();
  const database = await postgres.newDatabase();
  await using first = await startServer({ flags: ['--database', database] });
  await using second = await startServer({ flags: ['--database', database] });
  const ari = await connectJsonRpc(first.url, { name: 'Ari' });
  const bom = await connectJsonRpc(second.url, { name: 'Bom' });
  expect(await readiness(first)).toEqual({ status: 'ready', store: 'ok', bus: 'none' });
  await say(ari, 'without a bus');
  expect(await receives(bom, 'without a bus')).toBeLessThan(2000);
  await Promise.all([ari.close(), bom.close()]);
});

test.concurrent('a message that was deleted before a node read about it has no line', async () => {
  await using postgres = await startPostgres();
  const database = await postgres.newDatabase();
  await using first = await startServer({ flags: ['--database', database] });
  await using second = await startServer({ flags: ['--database', database] });
  const ari = await connectJsonRpc(first.url, { name: 'Ari' });
  await using visitor = await connectLine(second.url);
  // Reading begins with the first message here. Without a bus it then takes up to 2 s.
  await say(ari, 'before');
  await visitor.lines.first((line) => line === '[lobby] Ari: before');
  const { message } = await call(ari, 'message.send', { room: 'lobby', text: 'taken back', clientId: 'taken-back' });
  await call(ari, 'message.delete', { message: message.id });
  await say(ari, 'after');
  await visitor.lines.first((line) => line === '[lobby] Ari: after');
  expect(visitor.lines.all.filter((line) => line.startsWith('[lobby] Ari:'))).toEqual([
    '[lobby] Ari: before',
    '[lobby] Ari: after',
  ]);
  await ari.close();
});

test.concurrent('D7 a message that the bus loses silently is found within 12 s', async () => {
  await using workspace = await startNodes();
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  const bom = await connectJsonRpc(second.url, { name: 'Bom' });
  // Committed by a node on another Redis. To the others this looks as if the bus had lost it silently.
  await using island = await startRedis();
  await using other = await startServer({ flags: ['--database', workspace.database, '--bus', island.url] });
  const ari = await connectJsonRpc(other.url, { name: 'Ari' });
  await say(ari, 'lost');
  const ms = await receives(bom, 'lost', 12_000);
  process.stdout.write(`  a lost message without others after it came after ${Math.round(ms)} ms\n`);
  await say(ari, 'lost as well');
  const cho = await connectJsonRpc(first.url, { name: 'Cho' });
  await say(cho, 'shows the gap');
  expect(await receives(bom, 'shows the gap')).toBeLessThan(1000);
  const heard = seqsOf(bom, 'lobby');
  expect(heard).toEqual(run(heard[0] as number, heard.length));
  await Promise.all([ari.close(), bom.close(), cho.close()]);
});
