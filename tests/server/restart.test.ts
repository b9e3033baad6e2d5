import type { CommandOutput, Message } from '@madang/protocol';
import { connect as connectTcp } from 'node:net';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { call, type TransportClient } from '../support/transport-client.ts';
import { type TransportName, transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import type { JsonRpcClient } from '../support/json-rpc-client.ts';
import { connectLine } from '../support/line-client.ts';
import { startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Everything that a user can read of their rooms. */
async function everythingOf(client: TransportClient) {
  const { user, rooms, epoch } = await call(client, 'session.get', {});
  const read = await Promise.all(
    rooms.map(async ({ id }) => ({
      room: id,
      messages: (await call(client, 'message.list', { room: id })).messages,
      log: await call(client, 'log.read', { room: id, after: 0 }),
      // Presence may well have changed.
      members: (await call(client, 'member.list', { room: id })).members.map(
        ({ user: { id: member, name }, role }) => ({
          member,
          name,
          role,
        }),
      ),
    })),
  );
  return { user, rooms, epoch, read };
}

test('D1 D3 a restart keeps rooms, members, messages, edits, reactions, read marks and sessions', async () => {
  await using server = await startServer();
  const [one, other] = [await startGuest(server.url, '하나'), await startGuest(server.url, 'two')];
  const repeats: (() => Promise<unknown>)[] = [];
  const connect = ({ token }: { token: string }) => connectHttp(server.url, { token });
  let before: unknown[];
  let sent: CommandOutput<'message.send'>;
  let made: CommandOutput<'room.create'>;
  const send = { text: 'once', clientId: 'client-1' };
  const create = { name: 'kept', topic: 'what stays', clientId: 'client-2', kind: 'private' } as const;
  {
    await using owner = await connect(one);
    await using member = await connect(other);
    made = await call(owner, 'room.create', create);
    const { room } = made;
    await call(owner, 'room.invite', { room: room.id, user: other.user.id });
    sent = await call(owner, 'message.send', { room: room.id, ...send });
    const { message } = await call(member, 'message.send', { room: room.id, text: 'draft' });
    await call(member, 'message.edit', { message: message.id, text: 'final' });
    await call(owner, 'message.react', { message: message.id, emoji: '👍' });
    await call(member, 'message.react', { message: message.id, emoji: '👍🏽' });
    const { message: gone } = await call(owner, 'message.send', { room: room.id, text: 'to be deleted' });
    await call(owner, 'message.delete', { message: gone.id });
    await call(member, 'read.mark', { room: room.id, seq: message.seq });
    const { room: direct } = await call(member, 'direct.open', { user: one.user.id });
    await call(owner, 'message.send', { room: direct.id, text: 'between us' });
    await call(owner, 'user.update', { name: '하나 새 이름' });
    repeats.push(() => call(owner, 'message.send', { room: room.id, ...send }));
    expect(await repeats[0]?.()).toEqual(sent);
    before = [await everythingOf(owner), await everythingOf(member)];
  }
  expect(await server.stop()).toBe(0);
  await server.start();

  await using owner = await connect(one);
  await using member = await connect(other);
  expect([await everythingOf(owner), await everythingOf(member)]).toEqual(before);
  // The same sends again, with the same clientIds: the first results, and nothing new.
  expect(await call(owner, 'message.send', { room: made.room.id, ...send })).toEqual(sent);
  expect((await call(owner, 'room.create', create)).room.id).toBe(made.room.id);
  const { error } = await owner.ask('message.send', { room: made.room.id, text: 'another', clientId: send.clientId });
  expect(error?.code).toBe('conflict');
  expect([await everythingOf(owner), await everythingOf(member)]).toEqual(before);
});

test('B16 SIGTERM: every client is told when to reconnect and is closed, and the server exits with 0 within 5 s', async () => {
  await using server = await startServer({ flags: ['--reconnect-spread-ms', '700'] });
  await using everyone = new Disposables();
  const clients = await Promise.all(
    transportNames.map(async (name, index) =>
      everyone.use(await transports[name](server.url, { name: `person ${index}` })),
    ),
  );
  const line = everyone.use(await connectLine(server.url));
  const [sender] = clients as [TransportClient];
  // A client that never reads, and a half-sent request, delay nothing.
  const silent = connectTcp(server.port, 'localhost');
  silent.on('error', () => undefined).pause();
  await once(silent, 'connect');
  silent.write('POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"name"');
  let acknowledged = 0;
  const streamed = (async () => {
    for (;;) {
      const answer = await sender.ask('message.send', { room: 'lobby', text: 'until the end' }).catch(() => undefined);
      if (!answer?.result) return;
      acknowledged = (answer.result as CommandOutput<'message.send'>).message.seq;
    }
  })();
  await clients[1]?.events.first(({ name }) => name === 'message.created');
  const webSocketClosed = once((clients[2] as JsonRpcClient).webSocket, 'close') as Promise<[number]>;

  const began = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(5000);
  for (const client of clients) {
    const { body } = await client.events.first(({ name }) => name === 'server.closing');
    expect(body['reconnectMs'], client.transport).toBeGreaterThanOrEqual(0);
    expect(body['reconnectMs'], client.transport).toBeLessThanOrEqual(700);
    await client.closed;
  }
  await line.closed;
  expect((await webSocketClosed)[0]).toBe(1012);
  await streamed;
  silent.destroy();

  expect(server.output()).not.toMatch(/unexpected error|"level":(50|60)/);
  await server.start();
  const { token } = await startGuest(server.url, 'afterwards');
  await using after = await connectHttp(server.url, { token });
  const { messages } = await call(after, 'message.list', { room: 'lobby', limit: 1 });
  expect(messages.at(-1)?.seq).toBeGreaterThanOrEqual(acknowledged);
});

test('after a stop the database is complete in its one file', async () => {
  await using server = await startServer();
  const guest = await startGuest(server.url, 'mover');
  {
    await using client = await connectHttp(server.url, guest);
    await call(client, 'message.send', { room: 'lobby', text: 'moved along' });
  }
  expect(await server.stop()).toBe(0);
  using folder = tempFolder();
  copyFileSync(join(server.data, 'madang.db'), join(folder.path, 'madang.db'));
  await using moved = await startServer({ data: folder.path });
  await using client = await connectHttp(moved.url, guest);
  const { messages } = await call(client, 'message.list', { room: 'lobby' });
  expect(messages.map(({ text }) => text)).toEqual(['moved along']);
});

test('D1 kill -9 right after an answer loses nothing, whatever the transport', async () => {
  await using server = await startServer({ flags: ['--limits', 'off'] });
  const guests = await Promise.all(transportNames.map((name) => startGuest(server.url, `sender at ${name}`)));
  const kept = Object.fromEntries(transportNames.map((name): [TransportName, string[]] => [name, []])) as Record<
    TransportName,
    string[]
  >;
  // All of them send, and before each kill a different one gets the last answer.
  for (const [round, killer] of transportNames.entries()) {
    const clients = await Promise.all(
      transportNames.map((name, index) => transports[name](server.url, { token: guests[index]!.token })),
    );
    const last = `round ${round} ${killer} message ${5 + (round % 2)}`;
    const sends = transportNames.flatMap((name, at) =>
      Array.from({ length: 20 }, async (_, index) => {
        const text = `round ${round} ${name} message ${index}`;
        const clientId = `${round}.${index}`;
        const { result } = await clients[at]!.ask('message.send', { room: 'lobby', text, clientId });
        if (!result) return;
        kept[name].push(text);
        if (text === last) await server.kill();
      }),
    );
    await Promise.allSettled(sends);
    expect(kept[killer]).toContain(last);
    await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
    await server.start();
  }
  await using reader = await connectHttp(server.url, { token: guests[0]!.token });
  const texts: string[] = [];
  const seqs: number[] = [];
  for (let head = 1; seqs.length < head;) {
    const page = await call(reader, 'log.read', { room: 'lobby', after: seqs.length, limit: 200 });
    ({ head } = page);
    seqs.push(...page.events.map(({ seq }) => seq));
    const said = page.events.filter(({ type }) => type === 'message.created') as unknown as { message: Message }[];
    texts.push(...said.map(({ message }) => message.text));
  }
  for (const [name, own] of Object.entries(kept)) {
    expect(own.length, name).toBeGreaterThan(3);
    expect(texts, name).toEqual(expect.arrayContaining(own));
  }
  expect(new Set(texts).size).toBe(texts.length);
  expect(seqs).toEqual(Array.from(seqs, (_, index) => index + 1));
});
