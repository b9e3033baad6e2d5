// oxlint-disable-next-line no-unassigned-import -- puts indexedDB into the globals
import 'fake-indexeddb/auto';
import { type Client, indexedDbOfflineStore, memoryOutboxStore, type OfflineStore } from '@madang/client';
import { expect, test } from 'vitest';
import { fakeTime, newWorkspace, online, settle, shown, watch } from './support.js';

let databases = 0;

function setUp() {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  databases += 1;
  const name = `offline-${databases}`;
  const outbox = memoryOutboxStore();
  /** A page of a browser: all pages share what it keeps. */
  const open = (user: string, offline: OfflineStore = indexedDbOfflineStore(name)) =>
    join(user, { offline, outbox }).client;
  /** Visits a room online, and closes the page. */
  const visitAs = async (user: string, rooms = ['lobby']) => {
    const client = open(user);
    await online(client);
    for (const room of rooms) await watch(client, room);
    await stored();
    await client.close();
  };
  const kept = () => indexedDbOfflineStore(name).load();
  return { workspace, join, open, visitAs, kept };
}

/** Lets saves and loads end: fake-indexeddb works with real immediates. */
async function stored(): Promise<void> {
  await settle(1500);
  for (let i = 0; i < 60; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await settle();
  }
}

/** Opens a page without a server. */
async function openOffline(client: Client, room = 'lobby'): Promise<void> {
  client.connect();
  await stored();
  await watch(client, room);
}

test('without a server, the user, their rooms and the messages of rooms used before are there', async () => {
  const { workspace, open, visitAs } = setUp();
  workspace.addRoom('tea');
  workspace.addRoom('other');
  workspace.addUser('anna', ['lobby', 'tea', 'other']);
  workspace.say('lobby', 'u-bob', 'in the lobby');
  workspace.say('tea', 'u-bob', 'over tea');
  await visitAs('anna', ['lobby', 'tea']);
  workspace.isUp = false;
  const client = open('anna');
  await openOffline(client);
  await watch(client, 'tea');
  await watch(client, 'other');
  expect(client.user.get()).toMatchObject({ id: 'u-anna' });
  expect(client.rooms.get().map(({ id }) => id)).toEqual(expect.arrayContaining(['lobby', 'tea', 'other']));
  expect([shown(client), shown(client, 'tea'), shown(client, 'other')]).toEqual([['in the lobby'], ['over tea'], []]);
  expect(client.room('other').get().status).toBe('loading');
  expect(client.room('lobby').list('unread').get()).toMatchObject({ status: 'ready', hasNewer: false });
});

test('what is written without a server is sent when there is one, and what was missed is corrected', async () => {
  const { workspace, open, visitAs } = setUp();
  workspace.addRoom('left');
  workspace.addUser('anna', ['lobby', 'left']);
  const [first, second] = ['edited', 'deleted', 'stays'].map((text) => workspace.say('lobby', 'u-bob', text));
  workspace.say('left', 'u-bob', 'secret');
  await visitAs('anna', ['lobby', 'left']);
  workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId: first!.id, text: 'changed' });
  workspace.remove('u-bob', second!.id);
  workspace.say('lobby', 'u-bob', 'missed');
  workspace.leave('left', 'u-anna');
  workspace.isUp = false;
  const client = open('anna');
  await openOffline(client);
  await watch(client, 'left');
  expect(shown(client, 'left')).toEqual(['secret']);
  client.send('lobby', 'mine');
  await settle();
  expect(shown(client)).toEqual(['edited', 'deleted', 'stays', '(mine)']);
  workspace.isUp = true;
  client.reconnectNow();
  await stored();
  expect(shown(client)).toEqual(['changed', '', 'stays', 'missed', 'mine']);
  expect(client.room('left').get()).toMatchObject({ status: 'gone', messages: [] });
  expect(client.rooms.get().map(({ id }) => id)).toEqual(['lobby']);
  await client.close();
  // It is what the next page begins with.
  workspace.isUp = false;
  const next = open('anna');
  await openOffline(next);
  await watch(next, 'left');
  expect(shown(next)).toEqual(['changed', '', 'stays', 'missed', 'mine']);
  expect(shown(next, 'left')).toEqual([]);
});

test.each(['another history', 'more than can be shown'])('a kept room gives way to %s', async (what) => {
  const { workspace, open, visitAs } = setUp();
  workspace.addUser('anna');
  workspace.say('lobby', 'u-bob', 'old');
  await visitAs('anna');
  workspace.isUp = false;
  const client = open('anna');
  await openOffline(client);
  expect(shown(client)).toEqual(['old']);
  if (what === 'another history') {
    workspace.epoch = 'epoch-2';
    workspace.rooms.get('lobby')!.log.pop();
    workspace.say('lobby', 'u-bob', 'restored');
  } else {
    for (let i = 1; i <= 1100; i += 1) workspace.say('lobby', 'u-bob', `${i}`);
  }
  workspace.isUp = true;
  client.reconnectNow();
  await stored();
  const texts = shown(client);
  if (what === 'another history') expect(texts).toEqual(['restored']);
  else expect([texts.length, texts.at(-1), texts.includes('old')]).toEqual([50, '1100', false]);
});

test('nothing is kept after signing out, nor written by another tab that has not heard of it', async () => {
  const { workspace, open, visitAs, kept } = setUp();
  workspace.addUser('anna');
  workspace.say('lobby', 'u-bob', 'for anna');
  await visitAs('anna');
  const [one, two] = [open('anna'), open('anna')];
  await Promise.all([online(one), online(two)]);
  await watch(two);
  await one.signOut();
  await stored();
  expect(await kept()).toBeUndefined();
  workspace.say('lobby', 'u-bob', 'afterwards');
  await stored();
  expect(shown(two)).toEqual(['for anna', 'afterwards']);
  expect(await kept()).toBeUndefined();
  workspace.isUp = false;
  const next = open('anna');
  await openOffline(next);
  expect(next.user.get()).toBeUndefined();
  expect(shown(next)).toEqual([]);
});

test('whoever signs in next sees nothing of the last user, and the last user keeps nothing', async () => {
  const { workspace, open, visitAs, kept } = setUp();
  workspace.addUser('anna');
  workspace.say('lobby', 'u-bob', 'read by anna');
  await visitAs('anna');
  const slow = open('bob');
  const users: unknown[] = [];
  slow.user.subscribe(() => users.push(slow.user.get()?.id));
  workspace.delay = () => 2000;
  slow.connect();
  await stored();
  // The server may still say who it is.
  expect(slow.user.get()).toBeUndefined();
  await settle(5000);
  await stored();
  expect(users).toEqual(['u-bob']);
  expect(await kept()).toMatchObject({ session: { user: { id: 'u-bob' } }, lists: [] });
  expect(JSON.stringify(await kept())).not.toContain('token');
});

test('nothing is kept of a user who cannot sign out here', async () => {
  const { workspace, open, visitAs, kept } = setUp();
  workspace.addUser('anna');
  await visitAs('anna');
  expect(await kept()).toBeDefined();
  workspace.abilities = { createRooms: true, openDirects: true, rename: true, signOut: false };
  await visitAs('anna');
  expect(await kept()).toBeUndefined();
  workspace.isUp = false;
  const client = open('anna');
  await openOffline(client);
  expect(client.user.get()).toBeUndefined();
});

test.each(['fails', 'never answers'])('a store that %s changes nothing', async (how) => {
  const { workspace, open } = setUp();
  workspace.addUser('anna');
  workspace.say('lobby', 'u-bob', 'hello');
  const act = () => (how === 'fails' ? Promise.reject(new Error('denied')) : new Promise<never>(() => {}));
  const client = open('anna', { load: act, begin: act, save: act, clear: act, close: act });
  await online(client);
  await watch(client);
  expect(shown(client)).toEqual(['hello']);
  await stored();
  workspace.drop();
  await settle(5000);
  expect(client.state.get().status).toBe('online');
  const closing = client.close();
  await settle(10_000);
  await closing;
});

test('without a server, a room that has more unread messages than are kept opens at the kept ones, and stays there', async () => {
  const { workspace, open } = setUp();
  workspace.addUser('anna');
  for (let i = 1; i <= 120; i += 1) workspace.say('lobby', 'u-bob', `${i}`);
  workspace.reads.set('u-anna lobby', 2);
  const before = open('anna');
  await online(before);
  const stop = before
    .room('lobby')
    .list('unread')
    .subscribe(() => {});
  await stored();
  stop();
  await before.close();
  workspace.isUp = false;
  const client = open('anna');
  client.connect();
  await stored();
  const list = client.room('lobby').list('unread');
  list.subscribe(() => {});
  await settle();
  const texts = list.get().messages.map(({ text }) => text);
  expect(texts.length).toBeGreaterThan(10);
  workspace.isUp = true;
  client.reconnectNow();
  await stored();
  expect(list.get().messages.map(({ text }) => text)).toEqual(texts);
  expect(list.get().hasNewer).toBe(true);
});
