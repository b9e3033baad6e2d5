import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { receives, say } from '../support/chat.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startNginx, type TestNginx } from '../support/nginx.ts';
import { startNodes, type TestNodes } from '../support/nodes.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import type { TestServer } from '../support/start-server.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let workspace: TestNodes;
let nginx: TestNginx;

beforeAll(async () => {
  workspace = await startNodes({ flags: ['--trusted-proxies', 'loopback', '--max-connections-per-address', '20'] });
  nginx = await startNginx(workspace.nodes.map(({ port }) => port) as [number, number]);
}, 60_000);

afterAll(async () => {
  await nginx[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

test('T41 clients that poll, upgrade or use WebSockets reach each other through nginx and two nodes', async () => {
  const clients = await Promise.all([
    connectSocketIo(nginx.url, { name: 'Poller' }, { transports: ['polling'] }),
    connectSocketIo(nginx.url, { name: 'Upgrader' }, { transports: ['polling', 'websocket'] }),
    connectSocketIo(nginx.url, { name: 'Socket' }, { transports: ['websocket'] }),
    connectJsonRpc(nginx.url, { name: 'Json' }),
    connectJsonRpc(nginx.url, { name: 'Rpc' }),
  ]);
  for (const [index, client] of clients.entries()) await say(client, `from ${index}`);
  await Promise.all(clients.flatMap((client) => clients.map((_, index) => receives(client, `from ${index}`))));
  await Promise.all(clients.map((client) => client.close()));
});

test('T41 nginx passes an event stream on without delay', async () => {
  const started = await fetch(`${nginx.url}/api/session`, { method: 'POST', body: '{"name":"Reader"}' });
  const { token } = (await started.json()) as { token: string };
  const stopping = new AbortController();
  const stream = await fetch(`${nginx.url}/api/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stopping.signal,
  });
  await using ari = await connectJsonRpc(nginx.url, { name: 'Writer' });
  const start = performance.now();
  await say(ari, 'through a proxy');
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('through a proxy')) break;
  }
  expect(performance.now() - start).toBeLessThan(1000);
  stopping.abort();
});

test('T41 the nodes see the visitors’ own addresses, whatever the visitors claim', async () => {
  const open: WebSocket[] = [];
  const connect = async (localAddress: string, claimed: string): Promise<number> => {
    const webSocket = new WebSocket(`${nginx.url.replace('http', 'ws')}/ws`, {
      localAddress,
      headers: { 'x-forwarded-for': claimed },
    });
    open.push(webSocket);
    webSocket.on('error', () => undefined);
    const refused = once(webSocket, 'unexpected-response').then(
      ([, response]) => (response as { statusCode: number }).statusCode,
    );
    return Promise.race([refused, once(webSocket, 'open').then(() => 101)]);
  };
  const statuses: number[] = [];
  for (let index = 0; index < 42; index += 1) statuses.push(await connect('127.0.0.5', `10.0.0.${index}`));
  // 20 for each node.
  expect(statuses.slice(0, 40)).not.toContain(429);
  expect(statuses.slice(40)).toEqual([429, 429]);
  expect(await connect('127.0.0.6', '127.0.0.5')).toBe(101);
  for (const webSocket of open) webSocket.terminate();
});

test('T10 clients of a killed node reconnect through nginx and resume', async () => {
  const poller = await connectSocketIo(nginx.url, { name: 'Poll' }, { transports: ['polling'], reconnection: true });
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  const writer = await connectJsonRpc(second.url, { name: 'Second' });
  const reader = await connectJsonRpc(first.url, { name: 'First' });
  const started = await poller.events.first(({ name }) => name === 'session.started');
  poller.socket.auth = { token: started.body['token'] };
  const start = performance.now();
  await first.kill();
  await reader.closed;
  await say(writer, 'one is gone');
  // A stock client that was connected to the killed node starts over; any other has received it already.
  const isBack = () => poller.events.all.filter(({ name }) => name === 'session.started').length > 1;
  await poller.events.until(
    (all) => isBack() || all.some(({ body }) => JSON.stringify(body).includes('one is gone')),
    15_000,
  );
  await say(writer, 'and the other stays');
  await receives(poller, 'and the other stays', 5000);
  process.stdout.write(`  a poller was back after ${Math.round(performance.now() - start)} ms\n`);
  await Promise.all([poller.close(), writer.close()]);
});
