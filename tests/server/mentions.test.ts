import { createClient } from '@madang/client';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer } from '../support/start-server.ts';
import { call } from '../support/transport-client.ts';

vi.setConfig({ testTimeout: 60_000 });

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
  return () => postgres[Symbol.asyncDispose]();
});

const environments: Record<string, () => Promise<Record<string, string>>> = {
  sqlite: () => Promise.resolve({}),
  postgres: async () => ({ MADANG_DATABASE: await postgres.newDatabase() }),
};

/** A workspace on an engine, with guests of the given names, all in the lobby. */
async function workspaceWith(engine: string, names: string[]) {
  const server = await startServer({ flags: ['--limits', 'off'], env: await environments[engine]!() });
  const people = await Promise.all(names.map((name) => startGuest(server.url, name)));
  const clients = await Promise.all(people.map(({ token }) => connectJsonRpc(server.url, { token })));
  const idOf = new Map(people.map(({ user }) => [user.name, user.id]));
  const nameOf = new Map(people.map(({ user }) => [user.id, user.name]));
  return { server, people, clients, idOf, nameOf };
}

describe.each(Object.keys(environments))('mentions on %s', (engine) => {
  test('a text mentions the members whose name follows an @; the longest name wins', async () => {
    const names = ['writer', 'Kim', 'Kim Minji', '민지', '민지아', 'bob.b', 'Ærø', 'emoji 🌊'];
    const { server, clients, nameOf } = await workspaceWith(engine, names);
    await using _server = server;
    const [writer] = clients;
    const texts: [string, string[]][] = [
      ['hello @Kim', ['Kim']],
      ['hello @kim minji, and @KIM too', ['Kim Minji', 'Kim']],
      ['@Kim Minjis', ['Kim']],
      ['@Kims', []],
      ['@kim\nminji', ['Kim']],
      ['안녕@민지야, @민지아님', ['민지', '민지아']],
      ['@민지'.normalize('NFD'), ['민지']],
      ['@bob.b.', ['bob.b']],
      ['mail kim@kim.example, x@Kim, a.@Kim', []],
      ['@ærø @emoji 🌊!', ['Ærø', 'emoji 🌊']],
      ['@Kim @kim @nobody @', ['Kim']],
      ['no one', []],
      ['@writer', ['writer']],
    ];
    const found: [string, string[]][] = [];
    for (const [text] of texts) {
      const { message } = await call(writer!, 'message.send', { room: 'lobby', text });
      found.push([text, (message.mentions ?? []).map((id) => nameOf.get(id) ?? id)]);
    }
    expect(found).toEqual(texts);
    // A user who is not in a room is not mentioned there.
    const { room } = await call(writer!, 'room.create', { name: 'elsewhere' });
    const { message } = await call(writer!, 'message.send', { room: room.id, text: '@Kim' });
    expect(message).not.toHaveProperty('mentions');
    // However many there are, and whatever follows them, the answer comes at once.
    const start = performance.now();
    await call(writer!, 'message.send', { room: 'lobby', text: '@a b c d '.repeat(900) });
    expect(performance.now() - start).toBeLessThan(2000);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('mentions are the same in every answer and event, count until they are read, and go with the text', async () => {
    const { server, clients, people, idOf } = await workspaceWith(engine, ['ann', 'bob', 'cho']);
    await using _server = server;
    const [ann, bob] = clients;
    const ids = [idOf.get('bob')!];
    const roomOf = async (client = bob!) => {
      const { unread, mentions } = (await call(client, 'room.get', { room: 'lobby' })).room;
      return { unread, mentions };
    };
    const texts = ['@bob look', '@bob is nobody now', '@robert then', 'I am @robert', 'and @robert again'];
    const say = async (text: string, client = ann!) =>
      (await call(client, 'message.send', { room: 'lobby', text, clientId: `c-${texts.indexOf(text)}` })).message;
    const before = (await roomOf()).unread ?? 0;

    const sent = await say('@bob look');
    expect(sent.mentions).toEqual(ids);
    // A repeat, a page, the log and the live event agree.
    expect(await say('@bob look')).toEqual(sent);
    const { messages } = await call(bob!, 'message.list', { room: 'lobby' });
    expect(messages.at(-1)?.mentions).toEqual(ids);
    const { events } = await call(bob!, 'log.read', { room: 'lobby', after: sent.seq - 1 });
    expect(events[0]).toMatchObject({ type: 'message.created', message: { mentions: ids } });
    const heard = await bob!.events.first(({ name }) => name === 'message.created');
    expect(heard.body['message']).toMatchObject({ mentions: ids });
    expect(await roomOf()).toEqual({ unread: before + 1, mentions: 1 });
    expect((await roomOf(ann)).mentions).toBe(0);

    // An edit neither adds nor removes mentions, and neither does a new name.
    await call(ann!, 'message.edit', { message: sent.id, text: '@cho look' });
    await call(bob!, 'user.update', { name: 'robert' });
    expect(await roomOf()).toMatchObject({ mentions: 1 });
    const { message: edited } = await call(ann!, 'message.react', { message: sent.id, emoji: '👍' });
    expect(edited).toMatchObject({ text: '@cho look', mentions: ids });
    expect((await say('@bob is nobody now')).mentions).toBeUndefined();
    const second = await say('@robert then');
    expect(await roomOf()).toMatchObject({ mentions: 2 });

    // Mentions by oneself never count; deleted and read ones no longer do.
    await say('I am @robert', bob);
    expect(await roomOf()).toMatchObject({ mentions: 2 });
    await call(ann!, 'message.delete', { message: second.id });
    expect(await roomOf()).toMatchObject({ mentions: 1 });
    const log = await call(bob!, 'log.read', { room: 'lobby', after: second.seq - 1 });
    expect((log.events[0] as never as { message: object }).message).not.toHaveProperty('mentions');
    await call(bob!, 'read.mark', { room: 'lobby', seq: sent.seq });
    expect(await roomOf()).toMatchObject({ mentions: 0 });

    // The SDK counts live events the way the server does.
    const sdk = createClient({ url: server.url, token: people[1]!.token, transport: 'websocket' });
    sdk.connect();
    const shown = () => sdk.rooms.get().find(({ id }) => id === 'lobby')?.mentions;
    await expect.poll(shown).toBe(0);
    await say('and @robert again');
    await expect.poll(shown).toBe(1);
    await call(bob!, 'read.mark', { room: 'lobby', seq: (await call(bob!, 'room.get', { room: 'lobby' })).room.head });
    await expect.poll(shown).toBe(0);
    await sdk.close();
    await Promise.all(clients.map((client) => client.close()));
  });

  test('messages sent without waiting keep their order, whether they mention somebody or not', async () => {
    const { server, clients } = await workspaceWith(engine, ['ann', 'bob']);
    await using _server = server;
    const [ann] = clients;
    const texts = Array.from({ length: 60 }, (_, n) => (n % 3 === 1 ? `@bob ${n}` : `${n}`));
    const sent = await Promise.all(texts.map((text) => call(ann!, 'message.send', { room: 'lobby', text })));
    const bySeq = sent.map(({ message }) => message).sort((one, other) => one.seq - other.seq);
    expect(bySeq.map(({ text }) => text)).toEqual(texts);
    await Promise.all(clients.map((client) => client.close()));
  });
});
