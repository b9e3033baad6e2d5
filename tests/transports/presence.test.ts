import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, type OutboundEvent } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectLine } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let count = 0;
const open = new Disposables();
/** A user who watches. */
let watcher: TransportClient;
beforeAll(async () => {
  server = open.use(await startServer({ flags: ['--limits', 'off'] }));
  watcher = open.use(await transports['/ws'](server.url, { name: 'watcher' }));
});
afterAll(() => open[Symbol.asyncDispose]());

const isPresence = (user: string, presence: string) => (event: OutboundEvent) =>
  event.name === 'presence.changed' && event.body['presence'] === presence && idIn(event) === user;

function idIn({ body }: OutboundEvent): string {
  return (body['user'] as { id: string }).id;
}

/** A user's entry in the lobby's list of members. */
async function entryOf(user: string) {
  const { members } = await call(watcher, 'member.list', { room: 'lobby', limit: 200 });
  return members.find((member) => member.user.id === user);
}

describe.concurrent.each(transportNames)('presence at %s', (transport) => {
  test('online, away and back are announced; the most present of all tabs and transports counts', async () => {
    const { token, user } = await startGuest(server.url, `tabs ${++count}`);
    const tab = await transports[transport](server.url, { token });
    const told = () =>
      watcher.events.all.filter((event) => event.name === 'presence.changed' && idIn(event) === user.id);
    await watcher.events.first(isPresence(user.id, 'online'));
    const other = await transports['/ws'](server.url, { token });
    // One tab is hidden: the other still counts. An HTTP call belongs to no connection, so another client sets it.
    expect(await call(other, 'presence.set', { presence: 'away' })).toEqual({ presence: 'online' });
    expect(await entryOf(user.id)).toMatchObject({ presence: 'online' });
    expect(await entryOf(user.id)).not.toHaveProperty('lastSeen');
    if (transport !== 'HTTP') {
      expect(await call(tab, 'presence.set', { presence: 'away' })).toEqual({ presence: 'away' });
      await watcher.events.first(isPresence(user.id, 'away'));
      expect(await entryOf(user.id)).toMatchObject({ presence: 'away' });
      const { members } = await call(watcher, 'member.list', { room: 'lobby', present: true, limit: 200 });
      expect(members.map((member) => member.user.id)).toContain(user.id);
      await call(tab, 'presence.set', { presence: 'online' });
      await watcher.events.until(() => told().at(-1)?.body['presence'] === 'online' && told().length >= 3);
    }
    await other.close();
    await tab.close();
  });

  test('a reload is not a departure; a user who really leaves is offline after the grace period, with the time they left', async () => {
    const { token, user } = await startGuest(server.url, `goer ${++count}`);
    const first = await transports[transport](server.url, { token });
    await watcher.events.first(isPresence(user.id, 'online'));
    await first.close();
    const again = await transports[transport](server.url, { token });
    const before = Date.now();
    await again.close();
    const gone = await watcher.events.first(isPresence(user.id, 'offline'), 15_000);
    const after = Date.now();
    // Not at the reload: it came one grace period after the last connection closed.
    expect(after - before).toBeGreaterThan(1000);
    const told = watcher.events.all.filter((event) => event.name === 'presence.changed' && idIn(event) === user.id);
    expect(told.map(({ body }) => body['presence'])).toEqual(['online', 'offline']);
    for (const lastSeen of [gone.body['lastSeen'] as number, (await entryOf(user.id))?.lastSeen as number]) {
      expect(lastSeen).toBeGreaterThanOrEqual(before - 1000);
      expect(lastSeen).toBeLessThanOrEqual(after);
    }
    expect(await entryOf(user.id)).toMatchObject({ presence: 'offline' });
    const { members } = await call(watcher, 'member.list', { room: 'lobby', present: true, limit: 200 });
    expect(members.map((member) => member.user.id)).not.toContain(user.id);
  });

  test('is sent only to users who share a room', async () => {
    await using alone = await transports[transport](server.url, { name: `alone ${++count}` });
    await call(alone, 'room.leave', { room: 'lobby' });
    const { user } = await startGuest(server.url, `unseen ${++count}`);
    await using unseen = await transports['/ws'](server.url, { name: `unseen ${++count}` });
    const { user: seen } = await call(unseen, 'session.get', {});
    await watcher.events.first(isPresence(seen.id, 'online'));
    await call(alone, 'room.join', { room: 'lobby' });
    await call(alone, 'message.send', { room: 'lobby', text: 'fence' });
    await alone.events.first(({ name }) => name === 'message.created');
    expect(
      alone.events.all.filter((event) => event.name === 'presence.changed' && [seen.id, user.id].includes(idIn(event))),
    ).toEqual([]);
  });

  test("typing is sent to the others in the room, not to the user's other tabs, and lasts a few seconds", async () => {
    await using typists = new Disposables();
    const { token, user } = await startGuest(server.url, `typist ${++count}`);
    const typist = typists.use(await transports[transport](server.url, { token }));
    const ownTab = typists.use(await transports['Socket.IO'](server.url, { token }));
    const stranger = typists.use(await transports[transport](server.url, { name: `stranger ${++count}` }));
    const { room } = await call(typist, 'room.create', { name: `keys ${++count}` });
    const reader = typists.use(await transports[transport](server.url, { name: `reader ${++count}` }));
    await call(reader, 'room.join', { room: room.id });
    const { expiresMs } = await call(typist, 'typing.start', { room: room.id });
    expect(expiresMs).toBeGreaterThan(1000);
    const { body } = await reader.events.first(({ name }) => name === 'typing.started');
    expect(body).toEqual({ room: room.id, user: { id: user.id, name: user.name }, expiresMs });
    await call(typist, 'message.send', { room: room.id, text: 'fence' });
    await call(typist, 'message.send', { room: 'lobby', text: `fence of ${user.id}` });
    for (const silent of [typist, ownTab, stranger]) {
      await silent.events.first(
        (event) => event.name === 'message.created' && JSON.stringify(event).includes(`fence of ${user.id}`),
      );
      expect(
        silent.events.all.filter(({ name }) => name === 'typing.started'),
        silent.transport,
      ).toEqual([]);
    }
    // A message ends it for everybody; typing the next one right away is told again, in between only now and then.
    for (let times = 0; times < 3; times += 1) await call(typist, 'typing.start', { room: room.id });
    await call(typist, 'message.send', { room: room.id, text: 'second fence' });
    await reader.events.first(
      ({ name, body: event }) => name === 'message.created' && JSON.stringify(event).includes('second fence'),
    );
    expect(reader.events.all.filter(({ name }) => name === 'typing.started')).toHaveLength(2);
    // It is a signal: the log does not contain it.
    const { events } = await call(reader, 'log.read', { room: room.id, after: 0 });
    expect(JSON.stringify(events)).not.toContain('typing');
  });

  test("read.mark is sent to the user's other connections, and goes neither back nor past the head", async () => {
    await using tabs = new Disposables();
    const { token } = await startGuest(server.url, `marker ${++count}`);
    const tab = tabs.use(await transports[transport](server.url, { token }));
    const other = tabs.use(await transports['Socket.IO'](server.url, { token }));
    const writer = tabs.use(await transports['/ws'](server.url, { name: `writer ${++count}` }));
    const { room } = await call(writer, 'room.create', { name: `reading ${++count}` });
    await call(tab, 'room.join', { room: room.id });
    for (let index = 0; index < 5; index += 1) await call(writer, 'message.send', { room: room.id, text: `${index}` });
    const state = async () => (await call(tab, 'room.get', { room: room.id })).room;
    // 1 created, 2 its owner joined, 3 the reader joined, 4 to 8 messages.
    expect(await state()).toMatchObject({ head: 8, unread: 5 });
    await call(tab, 'read.mark', { room: room.id, seq: 6 });
    const marks = () =>
      other.events.all
        .filter(({ name, body }) => name === 'read.marked' && body['room'] === room.id)
        .map(({ body }) => body['seq']);
    await other.events.until(() => marks().length === 1);
    expect(await state()).toMatchObject({ read: 6, unread: 2 });
    await call(tab, 'read.mark', { room: room.id, seq: 4 });
    expect(await state()).toMatchObject({ read: 6, unread: 2 });
    await call(tab, 'read.mark', { room: room.id, seq: 1000 });
    await other.events.until(() => marks().length === 2);
    expect(marks()).toEqual([6, 8]);
    expect(await state()).toMatchObject({ read: 8, unread: 0 });
    // Nobody else receives it.
    await call(tab, 'message.send', { room: room.id, text: 'fence' });
    await writer.events.first(({ name, body }) => name === 'message.created' && body['seq'] === 9);
    expect(writer.events.all.filter(({ name }) => name === 'read.marked')).toEqual([]);
    // One's own message is not unread.
    expect(await state()).toMatchObject({ unread: 0 });
  });
});

test('a line client is online like any other, and goes offline like any other', async () => {
  const line = await connectLine(server.url);
  const isHere = async () => {
    const { members } = await call(watcher, 'member.list', { room: 'lobby', present: true, limit: 200 });
    return members.some((member) => member.user.name === line.name);
  };
  expect(await isHere()).toBe(true);
  await line.close();
  await watcher.events.first(
    (event) =>
      event.name === 'presence.changed' &&
      event.body['presence'] === 'offline' &&
      (event.body['user'] as { name: string }).name === line.name,
  );
  expect(await isHere()).toBe(false);
});
