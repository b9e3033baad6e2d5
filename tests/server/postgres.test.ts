import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { call, type TransportClient } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/**
 * The real program on a real PostgreSQL: several nodes on one database, and a database that goes away and comes back.
 */

let cluster: TestPostgres;
beforeAll(async () => {
  cluster = await startPostgres();
  return () => cluster[Symbol.asyncDispose]();
});

/** A node. Its database's address stays out of the arguments, as one with a password would. */
const startNode = (database: string): Promise<TestServer> =>
  startServer({ flags: ['--limits', 'off'], env: { MADANG_DATABASE: database } });

/** The whole log of the lobby: seqs, and the texts of its messages. */
async function lobbyLog(client: TransportClient): Promise<{ seq: number; text: string | undefined }[]> {
  const events: { seq: number; text: string | undefined }[] = [];
  for (;;) {
    const page = await call(client, 'log.read', { room: 'lobby', after: events.length });
    for (const event of page.events) {
      const { message } = event as { message?: { text: string } };
      events.push({ seq: event.seq, text: message?.text });
    }
    if (!page.more) return events;
  }
}

test('D2 messages a client sends without waiting are appended in the order they were sent', async () => {
  await using node = await startNode(await cluster.newDatabase());
  await using client = await connectJsonRpc(node.url, { name: 'someone' });
  const texts: string[] = [];
  for (let burst = 0; burst < 5; burst += 1) {
    const sends: Promise<unknown>[] = [];
    for (let each = 0; each < 200; each += 1) {
      const text = `message ${texts.length}`;
      texts.push(text);
      sends.push(call(client, 'message.send', { room: 'lobby', text }));
      // Not all in one packet: some arrive while those before them are being checked.
      await nextTurn();
    }
    await Promise.all(sends);
  }
  const log = await lobbyLog(client);
  expect(log.flatMap(({ text }) => text ?? [])).toEqual(texts);
});

test(
  'D2 D3 two nodes on one database commit to one room without a gap, and recognise repeats of each other’s sends',
  { timeout: 90_000 },
  async () => {
    const database = await cluster.newDatabase();
    await using everyone = new Disposables();
    const nodes = await Promise.all([startNode(database), startNode(database)]);
    for (const node of nodes) everyone.use(node);
    const clients = await Promise.all(
      nodes.map(async (node, index) => everyone.use(await connectJsonRpc(node.url, { name: `person ${index}` }))),
    );
    const seqs = new Map<number, string>();
    await Promise.all(
      clients.flatMap((client, node) =>
        Array.from({ length: 100 }, async (_, index) => {
          const text = `node ${node} message ${index}`;
          const { message } = await call(client, 'message.send', { room: 'lobby', text, clientId: `c-${index}` });
          expect(seqs.has(message.seq)).toBe(false);
          seqs.set(message.seq, text);
        }),
      ),
    );
    expect(seqs.size).toBe(200);
    const logs = await Promise.all(clients.map((client) => lobbyLog(client)));
    expect(logs[0]).toEqual(logs[1]);
    expect(logs[0]?.map((event) => event.seq)).toEqual(
      Array.from({ length: logs[0]?.length ?? 0 }, (_, index) => index + 1),
    );
    for (const event of logs[0] ?? []) {
      if (event.text !== undefined) expect(event.text).toBe(seqs.get(event.seq));
    }
    // A name reserved at one node is reserved at the other, and each node knows the other's sessions.
    const taken = await fetch(`${nodes[1]?.url}/api/session`, {
      method: 'POST',
      body: JSON.stringify({ name: 'person 0' }),
    });
    expect(taken.status).toBe(409);
    const { token } = await startGuest(nodes[0]?.url ?? '', 'wanderer');
    const elsewhere = everyone.use(await connectJsonRpc(nodes[1]?.url ?? '', { token }));
    const sent = { room: 'lobby', text: 'here', clientId: 'same' };
    const there = everyone.use(await connectJsonRpc(nodes[0]?.url ?? '', { token }));
    expect(await call(elsewhere, 'message.send', sent)).toEqual(await call(there, 'message.send', sent));
  },
);

test(
  'S7 D1 PostgreSQL gone: sends and reads answer unavailable within 5 s; back: everything works, nothing acknowledged is lost',
  { timeout: 90_000 },
  async () => {
    await using own = await startPostgres();
    const database = await own.newDatabase();
    await using node = await startNode(database);
    await using client = await connectJsonRpc(node.url, { name: 'sender' });
    const acknowledged: string[] = [];
    const send = async (text: string, clientId: string): Promise<string> => {
      const { result, error } = await client.ask('message.send', { room: 'lobby', text, clientId });
      if (result) acknowledged.push(text);
      return error?.code ?? 'ok';
    };
    for (const end of ['stop', 'kill'] as const) {
      expect(await send(`before ${end}`, `before-${end}`)).toBe('ok');
      const underWay = Array.from({ length: 50 }, (_, index) => send(`during ${end} ${index}`, `${end}-${index}`));
      await own[end]();
      for (const code of await Promise.all(underWay)) expect(['ok', 'unavailable']).toContain(code);
      const start = performance.now();
      const refused = await Promise.all([
        send(`lost ${end}`, `lost-${end}`),
        client.ask('message.list', { room: 'lobby' }).then(({ error }) => error?.code),
        client.ask('room.list', {}).then(({ error }) => error?.code),
      ]);
      expect(refused).toEqual(['unavailable', 'unavailable', 'unavailable']);
      expect(performance.now() - start).toBeLessThan(5000);
      // The answer of a moment ago is kept for a moment.
      await expect.poll(async () => (await fetch(`${node.url}/readyz`)).status).toBe(503);
      expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
      await own.start();
      while ((await send(`after ${end}`, `after-${end}`)) !== 'ok')
        await new Promise((resolve) => setTimeout(resolve, 50));
      await expect.poll(async () => (await fetch(`${node.url}/readyz`)).status).toBe(200);
      // An outbox repeats what was not acknowledged; if it was committed after all, the repeat gets that result.
      for (let index = 0; index < 50; index += 1) {
        expect(await send(`during ${end} ${index}`, `${end}-${index}`)).toBe('ok');
      }
    }
    const events = await lobbyLog(client);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const texts = events.flatMap((event) => event.text ?? []);
    expect(new Set(texts).size).toBe(texts.length);
    expect(new Set(texts)).toEqual(new Set(acknowledged));
    expect(node.output()).not.toContain('unexpected error');
  },
);

test('a start on PostgreSQL that can’t work says why, and never shows the password', async () => {
  const address = `postgres://madang:geheim@127.0.0.1:${cluster.port}/nowhere`;
  await expect(startNode(address)).rejects.toThrow(
    /ended with 1: madang: There is no database at postgres:\/\/madang@/,
  );
  await expect(startNode(address)).rejects.not.toThrow('geheim');
  await expect(startNode('mysql://madang:geheim@localhost/x')).rejects.toThrow("can't be what was given");
  await expect(startNode('mysql://madang:geheim@localhost/x')).rejects.not.toThrow('geheim');
});
