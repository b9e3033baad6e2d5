import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Connect, type TransportClient } from '../support/transport-client.ts';
import { Disposables } from '../support/disposables.ts';
import { transports, pythonTransports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { connectLine } from '../support/line-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startUpgradeGate } from '../support/upgrade-gate.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** How many messages each client sends. */
const EACH = 20;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const clients: Record<string, Connect> = { ...transports, ...pythonTransports };

/** The messages of a room that a client received, as `[seq, text]`, in the order received. */
function heard(client: TransportClient, room: string): [number, string][] {
  return client.events.all
    .filter(({ name, body }) => name === 'message.created' && body['room'] === room)
    .map(({ body }) => [body['seq'] as number, (body['message'] as { text: string }).text]);
}

/** The messages among a line client's lines. */
function said(lines: readonly string[]): string[] {
  return lines.filter((text) => /^\[.*\] .*: .* \d+$/.test(text));
}

test('D2 every transport in one room: each sends, and each receives every message once, in seq order', async () => {
  await using everyone = new Disposables();
  const here = await Promise.all(
    Object.entries(clients).map(async ([name, connect], index) => ({
      name,
      client: everyone.use(await connect(server.url, { name: `person ${index}` })),
    })),
  );
  const line = everyone.use(await connectLine(server.url));
  const first = here[0]?.client as TransportClient;
  const { room } = await call(first, 'room.create', { name: 'the workspace' });
  for (const { client } of here) await call(client, 'room.join', { room: room.id });
  line.say(`/join ${room.id}`);
  await line.lines.first((text) => text.startsWith(room.id));

  for (let round = 0; round < EACH; round += 1) {
    line.say(`line ${round}`);
    await Promise.all(
      here.map(({ name, client }) => call(client, 'message.send', { room: room.id, text: `${name} ${round}` })),
    );
  }
  const senders = [...here.map(({ name }) => name), 'line'];
  const expected = senders.flatMap((name) => Array.from({ length: EACH }, (_, round) => `${name} ${round}`)).sort();
  await Promise.all(
    here.map(({ client }) => client.events.until(() => heard(client, room.id).length >= expected.length)),
  );
  await line.lines.until((all) => said(all).length >= expected.length);

  const { messages } = await call(first, 'message.list', { room: room.id, limit: 200 });
  const log = messages.map(({ seq, text }): [number, string] => [seq, text]);
  expect(log.map(([, text]) => text).sort()).toEqual(expected);
  for (const [index, [seq]] of log.entries()) if (index > 0) expect(seq).toBeGreaterThan(log[index - 1]?.[0] ?? seq);
  for (const { name, client } of here) expect(heard(client, room.id), name).toEqual(log);
  expect(said(line.lines.all).map((text) => text.slice(text.indexOf(': ') + 2))).toEqual(log.map(([, text]) => text));
});

test('D2 polling is upgraded to WebSocket while messages stream: nothing is lost, repeated or out of order', async () => {
  await using everyone = new Disposables();
  const gate = everyone.use(await startUpgradeGate(server.port));
  const sender = everyone.use(await transports['/ws'](server.url, { name: 'streamer' }));
  const { room } = await call(sender, 'room.create', { name: 'upgrades' });
  const guests = await Promise.all(
    Array.from({ length: 8 }, (_, index) => startGuest(server.url, `upgrader ${index}`)),
  );
  for (const { user } of guests) await call(sender, 'room.invite', { room: room.id, user: user.id });

  const stop = new AbortController();
  const streamed = (async () => {
    while (!stop.signal.aborted) await call(sender, 'message.send', { room: room.id, text: 'on and on' });
  })();
  const upgraders = await Promise.all(
    guests.map(async ({ token }) => {
      const client = everyone.use(await connectSocketIo(gate.url, { token }, { transports: ['polling', 'websocket'] }));
      const transport = () => client.socket.io.engine.transport.name;
      const heardOver = new Set<string>();
      client.socket.on('message.created', () => heardOver.add(transport()));
      // Its own calls continue over both transports, and each gets its answer.
      const own: number[] = [];
      const sendUntilHeardOver = async (wanted: string) => {
        while (!heardOver.has(wanted)) {
          const { message } = await call(client, 'message.send', { room: room.id, text: `over ${transport()}` });
          own.push(message.seq);
        }
      };
      await sendUntilHeardOver('polling');
      return { client, own, upgraded: () => sendUntilHeardOver('websocket') };
    }),
  );
  gate.open();
  await Promise.all(upgraders.map(({ upgraded }) => upgraded()));
  stop.abort();
  await streamed;
  const { message: last } = await call(sender, 'message.send', { room: room.id, text: 'the last' });
  for (const { client, own } of upgraders) {
    await client.events.until(() => heard(client, room.id).at(-1)?.[0] === last.seq);
    const seqs = heard(client, room.id).map(([seq]) => seq);
    const from = seqs[0] as number;
    expect(seqs).toEqual(Array.from({ length: last.seq - from + 1 }, (_, index) => from + index));
    expect(seqs).toEqual(expect.arrayContaining(own));
  }
});
