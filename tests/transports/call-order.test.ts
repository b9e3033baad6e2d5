import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { connectLine } from '../support/line-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { call, outcome, type TransportClient } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';

/*
 * The calls of one connection take effect in the order in which they were sent, though a client waits for no answer. On
 * PostgreSQL each of them looks something up over the network first.
 */

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let postgres: TestPostgres;
const servers = new Map<string, TestServer>();
beforeAll(async () => {
  postgres = await startPostgres();
  const flags = ['--limits', 'off'];
  servers.set('SQLite', await startServer({ flags }));
  servers.set('PostgreSQL', await startServer({ flags, env: { MADANG_DATABASE: await postgres.newDatabase() } }));
});
afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

/** Sends calls at once, and answers their outcomes: `ok` or an error's code. */
function atOnce(client: TransportClient, calls: readonly (readonly [string, object])[]): Promise<string[]> {
  return Promise.all(calls.map(([name, input]) => outcome(client, name, input)));
}

describe.each(['SQLite', 'PostgreSQL'])('on %s', (engine) => {
  test.each(['/ws', 'Socket.IO'] as const)(
    'calls sent at once over %s take effect in their order',
    async (transport) => {
      const { url } = servers.get(engine)!;
      const owner = await startGuest(url, `owner ${transport}`);
      const guest = await startGuest(url, `guest ${transport}`);
      await using host = await transports[transport](url, { token: owner.token });
      await using client = await transports[transport](url, { token: guest.token });
      const { room } = await call(host, 'room.create', { name: `in order ${transport}` });
      const say = (text: string) => ['message.send', { room: room.id, text }] as const;
      const come = ['room.join', { room: room.id }] as const;
      const go = ['room.leave', { room: room.id }] as const;

      // The lookup of whom a text mentions takes a query that other commands don't need.
      for (const mention of ['@nobody', `@owner ${transport}`, 'no one']) {
        const outcomes = await atOnce(client, [come, say(mention), go, say('too late'), come, say('back'), go]);
        expect(outcomes, mention).toEqual(['ok', 'ok', 'ok', 'forbidden', 'ok', 'ok', 'ok']);
      }
      const { events } = await call(host, 'log.read', { room: room.id, after: 2, limit: 100 });
      const once = [
        'member.joined',
        'message.created',
        'member.left',
        'member.joined',
        'message.created',
        'member.left',
      ];
      expect(events.map(({ type }) => type)).toEqual([...once, ...once, ...once]);

      // Of several acts on one thing the last one stays.
      const { message } = await call(host, 'message.send', { room: room.id, text: 'first' });
      const edit = (text: string) => ['message.edit', { message: message.id, text }] as const;
      const react = (remove: boolean) => ['message.react', { message: message.id, emoji: '👍', remove }] as const;
      const acts = [
        edit('second'),
        react(false),
        say('@nobody'),
        react(true),
        edit('third'),
        react(false),
        react(true),
      ];
      expect(await atOnce(host, acts)).toEqual(acts.map(() => 'ok'));
      const { messages } = await call(host, 'message.list', { room: room.id, after: message.seq - 1 });
      expect(messages[0]).toMatchObject({ text: 'third' });
      expect(messages[0]?.reactions ?? []).toEqual([]);

      // A reading call reads what the acts before it have made.
      const heads = await Promise.all([
        call(host, 'room.update', { room: room.id, topic: 'now' }),
        call(host, 'room.get', { room: room.id }),
      ]);
      expect(heads[1].room.topic).toBe('now');
    },
  );

  test('a call without a session waits for the one that starts it', async () => {
    const { url } = servers.get(engine)!;
    await using client = await transports['/ws'](url, undefined);
    const calls = [
      ['session.start', { name: `first ${engine}` }],
      ['message.send', { room: 'lobby', text: 'hi' }],
    ] as const;
    expect(await atOnce(client, calls)).toEqual(['ok', 'ok']);
  });

  test('lines sent right behind /join go to the room that it enters', async () => {
    const { url } = servers.get(engine)!;
    const owner = await startGuest(url, `pasting ${engine}`);
    await using host = await transports['/ws'](url, { token: owner.token });
    const { room } = await call(host, 'room.create', { name: `pasted ${engine}` });
    await using line = await connectLine(url);
    for (const each of [`/join ${room.id}`, 'one', '/join lobby', 'two', `/join ${room.id}`, 'three']) line.say(each);
    await host.events.first(({ name, body }) => name === 'message.created' && JSON.stringify(body).includes('three'));
    const { messages } = await call(host, 'message.list', { room: room.id });
    expect(messages.map(({ text }) => text)).toEqual(['one', 'three']);
  });
});
