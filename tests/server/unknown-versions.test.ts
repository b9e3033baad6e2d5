import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startGuest } from '../support/guest.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { expectCleanLog } from '../support/server-log.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { call, type Credentials, type TransportClient } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';

const pretender = fileURLToPath(new URL('../support/pretend-version.mjs', import.meta.url));

/** For each library whose internals the server uses: the shortcuts it does without if the version is unknown. */
const libraries: Record<string, string[]> = {
  node: ['socket'],
  ws: ['frames', 'inflater', 'receiver'],
  'engine.io': ['frames', 'polling'],
};

/** Starts the program with a library that claims to be version 99. */
function startPretending(library: string): Promise<TestServer> {
  const env = { NODE_OPTIONS: `--import ${pretender}`, PRETEND: `${library}@99.0.0` };
  return startServer({ flags: ['--limits', 'off', '--compression', 'on'], env });
}

/** The shortcuts that the log has warned of, each once. */
function shortcutsOf(server: TestServer): string[] {
  const warnings = [...server.output().matchAll(/^\{"level":40.*"shortcut":"(\w+)".*$/gm)];
  return warnings.map(([, shortcut = '']) => shortcut).toSorted();
}

/** A client that begins with polling and has upgraded to WebSocket when this resolves. */
async function connectUpgraded(url: string, credentials?: Credentials): Promise<TransportClient> {
  const client = await connectSocketIo(url, credentials, { transports: ['polling', 'websocket'] });
  const { engine } = client.socket.io;
  await expect.poll(() => engine.transport.name).toBe('websocket');
  return client;
}

/** A message that a client sends compressed, whole or in two fragments. */
async function compressing(server: TestServer): Promise<void> {
  const client = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { perMessageDeflate: { threshold: 0 } });
  const answers: string[] = [];
  client.on('message', (data) => answers.push((data as Buffer).toString()));
  await new Promise((resolve) => client.once('open', resolve));
  expect(client.extensions).toContain('permessage-deflate');
  const half = '{"jsonrpc":"2.0","method":"rpc.ping"';
  client.send(`${half},"id":1}`);
  client.send(half, { fin: false });
  client.send(',"id":2}', { fin: true });
  await expect.poll(() => answers.length).toBe(2);
  client.terminate();
}

describe.each(Object.entries(libraries))('with a version of %s that it does not know', (library, expected) => {
  test('the server serves every transport without the shortcuts, and warns of each once', async () => {
    await using server = await startPretending(library);
    const host = await startGuest(server.url, 'Host');
    const openings = [...Object.values(transports), connectUpgraded];
    const clients: TransportClient[] = [];
    // Each transport twice: the second time there is nothing new to warn of.
    for (const connect of [...openings, ...openings]) {
      const { token } = await startGuest(server.url, `Guest${clients.length}`);
      clients.push(await connect(server.url, { token }));
    }
    const [first] = clients as [TransportClient];
    const room = host.rooms[0]?.id ?? '';
    const texts = Array.from({ length: 30 }, (_each, index) => `${index} ${'한글 text '.repeat(index * 20)}`);
    await Promise.all(texts.map((text) => call(first, 'message.send', { room, text })));
    for (const client of clients) {
      const heard = () =>
        client.events.all
          .filter(({ name }) => name === 'message.created')
          .map(({ body }) => (body['message'] as { text: string }).text);
      await expect.poll(heard, { message: client.transport }).toEqual(texts);
    }
    await compressing(server);
    await Promise.all(clients.map((client) => client.close()));
    expect(shortcutsOf(server)).toEqual(expected);
    expect(server.output()).toContain(`${library} 99.0.0`);
    expectCleanLog(server);
  });

  test('frames and polling requests stay bounded', async () => {
    await using server = await startPretending(library);
    await using client = await openRawWebSocket(server.port, '/ws');
    client.send('x'.repeat(300_000));
    expect(await client.closeCode).toBe(1009);
    const opened = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    const poll = `${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const { status } = await fetch(poll, { method: 'POST', body: `4${'x'.repeat(300_000)}` });
    expect(status).toBe(413);
  });
});

test('with the versions that it knows the server takes every shortcut', async () => {
  await using server = await startServer({ flags: ['--limits', 'off', '--compression', 'on'] });
  const { token } = await startGuest(server.url, 'Guest');
  await using _upgraded = await connectUpgraded(server.url, { token });
  await using _polling = await transports['Socket.IO polling'](server.url, { token });
  await compressing(server);
  expect(shortcutsOf(server)).toEqual([]);
});
