import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import { expect, test, vi } from 'vitest';
import { receives, say } from '../support/chat.ts';
import { call, type OutboundEvent } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startNginx } from '../support/nginx.ts';
import { startNodes } from '../support/nodes.ts';
import type { TestServer } from '../support/start-server.ts';

// The test starts PostgreSQL, Redis, two servers and a proxy, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const PEOPLE = 8;

/** The latest time of the SDK's second attempt (500 ms, then 1000), plus what a slow machine takes. */
const BACK_WITHIN_MS = 10_000;

test('T10 clients of a killed node reconnect to another, those of the SDK on their own, and nobody’s presence stays wrong', async () => {
  await using workspace = await startNodes({ flags: ['--trusted-proxies', 'loopback'] });
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  await using nginx = await startNginx([first.port, second.port]);
  await using watcher = await connectJsonRpc(second.url, { name: 'Watcher' });
  const lost = await connectJsonRpc(first.url, { name: 'Lost' });
  const { token } = await call(await connectJsonRpc(first.url, undefined), 'session.start', { name: 'Moved' });
  const moved = await connectJsonRpc(first.url, { token });
  const clients = Array.from({ length: PEOPLE }, (_, index) =>
    createClient({
      url: nginx.url,
      name: `Person ${index}`,
      transport: index % 2 ? 'websocket' : 'socket.io',
      outbox: memoryOutboxStore(),
    }),
  );
  try {
    const heard = clients.map((client) => listen(client));
    const presence = async (): Promise<Map<string, string>> => {
      const { members } = await call(watcher, 'member.list', { room: 'lobby', limit: 200 });
      const people = members as { user: { name: string }; presence: string }[];
      return new Map(people.map((member) => [member.user.name, member.presence]));
    };
    const areShown = async (): Promise<boolean> => {
      const shown = await presence();
      return clients.every((_, index) => shown.get(`Person ${index}`) === 'online');
    };
    await expect.poll(() => clients.every(isOnline), { timeout: 30_000 }).toBe(true);
    await expect.poll(areShown, { timeout: 30_000 }).toBe(true);
    expect((await presence()).get('Lost')).toBe('online');

    const breaks = clients.map((client) => countBreaks(client));
    await first.kill();
    const killedAt = performance.now();
    await Promise.all([lost.closed, moved.closed]);
    await using back = await connectJsonRpc(second.url, { token });
    await say(watcher, 'welcome back');
    await receives(back, 'welcome back', 1000);
    const sent = clients.map((client, index) => client.send('lobby', `${index} goes on`).sent);
    await Promise.all(sent);
    await expect.poll(() => clients.every(isOnline), { timeout: BACK_WITHIN_MS }).toBe(true);
    const backMs = performance.now() - killedAt;
    // The proxy gives each node its share, so some of them were on the killed node.
    expect(breaks.filter((count) => count() > 0).length).toBeGreaterThan(0);
    const texts = ['welcome back', ...clients.map((_, index) => `${index} goes on`)].sort();
    for (const each of heard) await expect.poll(() => [...each].sort(), { timeout: 10_000 }).toEqual(texts);

    // A user who came back is never shown as gone for good, and one who didn't is shown as gone.
    await watcher.events.first((event) => isOffline(event, 'Lost'), 60_000);
    const offlineMs = performance.now() - killedAt;
    const shown = await presence();
    expect([shown.get('Lost'), shown.get('Moved')]).toEqual(['offline', 'online']);
    expect(await areShown()).toBe(true);
    process.stdout.write(
      `  ${PEOPLE} of the SDK's people went on ${Math.round(backMs)} ms after a node was killed, and who did not was offline after ${Math.round(offlineMs)} ms\n`,
    );
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
});

function isOffline({ name, body }: OutboundEvent, who: string): boolean {
  return (
    name === 'presence.changed' && body['presence'] === 'offline' && (body['user'] as { name: string }).name === who
  );
}

function isOnline(client: Client): boolean {
  return client.state.get().status === 'online';
}

/** Starts to listen, and to be connected; returns the texts received. */
function listen(client: Client): string[] {
  const texts: string[] = [];
  client.on('message.created', ({ message }) => texts.push(message.text));
  client.connect();
  return texts;
}

/** How often a client has lost its connection since then. */
function countBreaks(client: Client): () => number {
  let breaks = 0;
  client.state.subscribe(() => {
    if (!isOnline(client)) breaks += 1;
  });
  return () => breaks;
}
