import express from 'express';
import { pino } from 'pino';
import { createMadang, type MadangOptions } from 'madang';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, outcome } from '../support/transport-client.ts';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { connectLine } from '../support/line-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A host app whose users identify themselves in a header: `x-user: <id> <name>`. */
async function startApp(options: MadangOptions = {}): Promise<AsyncDisposable & { url: string }> {
  const folder = tempFolder();
  const app = express();
  const server = createServer(app);
  const madang = await createMadang({
    data: folder.path,
    guests: true,
    limits: false,
    logLevel: 'warn',
    authenticate: ({ headers }) => {
      const { id, name } = JSON.parse(String(headers['x-user'] ?? 'null')) ?? {};
      return id === undefined ? null : { id, name };
    },
    ...options,
  });
  app.use(madang.router);
  madang.attach(server);
  server.listen(0);
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      await madang.close();
      server.closeAllConnections();
      server.close();
      folder[Symbol.dispose]();
    },
  };
}

/** Signs in as a user of the app. */
const comeAs = (url: string, id: string, name: unknown) =>
  connectJsonRpc(url, undefined, {
    'x-user': JSON.stringify({ id, name }).replaceAll(/[^ -~]/gu, escaped),
  });

/** A header holds only ASCII; JSON escapes everything else. */
function escaped(letter: string): string {
  return Array.from(
    { length: letter.length },
    (_, at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

const nameOf = async (client: JsonRpcClient) => (await call(client, 'session.get', {})).user.name;
const idOf = async (client: JsonRpcClient) => (await call(client, 'session.get', {})).user.id;

const open = new Disposables();
afterAll(() => open[Symbol.asyncDispose]());

describe("names of the app's users", () => {
  let shared: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    shared = open.use(await startApp());
  });
  let people = 0;

  test.each([
    ['9000 characters', 'x'.repeat(9000), 'x'.repeat(32)],
    ['line breaks', 'two\r\nlines', 'two lines'],
    ['a right-to-left override', 'a\u202eb', 'ab'],
    ['a right-to-left isolate', '\u2067abc', 'abc'],
    ['zero-width spaces', 'a\u200b\u200bb', 'ab'],
    ['a stack of marks', `a${'\u0301'.repeat(50)}`, 'á\u0301'],
    ['a lone surrogate', 'a\ud83d', 'a'],
    ['control characters', 'a\u0007\u001bb', 'ab'],
    ['only what is invisible', '\u200b\u3164', 'app-7'],
    ['nothing', '', 'app-8'],
    ['no name at all', undefined, 'app-9'],
    ['a number', 42, 'app-10'],
    ['emoji, whole', '🧑‍🚀 우주인', '🧑‍🚀 우주인'],
    ['emoji that would be cut', `${'x'.repeat(31)}🧑‍🚀`, 'x'.repeat(31)],
    ['a reserved word, which is the app’s own matter', 'Admin', 'Admin'],
  ])('are made to fit: %s', async (_what, given, shown) => {
    people += 1;
    const id = shown.startsWith('app-') ? shown : `somebody-${people}`;
    await using client = await comeAs(shared.url, id, given);
    expect(await nameOf(client)).toBe(shown);
    const { message } = await call(client, 'message.send', { room: 'lobby', text: 'hello' });
    expect(message.author.name).toBe(shown);
  });

  test('are reserved: no guest has one, before or after, present or not; two app users may have the same', async () => {
    await using app = await startApp();
    const early = await startGuest(app.url, 'Minsu Kim');
    await using guest = await connectJsonRpc(app.url, early);
    await using watcher = await connectJsonRpc(app.url, { name: 'watcher' });
    await using user = await comeAs(app.url, 'minsu', 'Minsu Kim');
    // A guest who had it gets a number, and everybody is told.
    expect(await nameOf(user)).toBe('Minsu Kim');
    await watcher.events.first(({ name, body }) => name === 'member.updated' && body['previousName'] === 'Minsu Kim');
    expect(await nameOf(guest)).toBe('Minsu Kim 2');
    await using another = await comeAs(app.url, 'another-minsu', 'Minsu Kim');
    expect(await nameOf(another)).toBe('Minsu Kim');
    await using thief = await connectJsonRpc(app.url, { name: 'thief' });
    for (const name of ['Minsu Kim', 'minsu kim', 'Mіnsu Kіm', 'ＭinsuKim']) {
      expect(await outcome(thief, 'user.update', { name }), name).toBe('conflict');
      expect(await outcome(thief, 'session.start', { name }), name).toBe('conflict');
    }
    await user.close();
    await another.close();
    expect(await outcome(thief, 'user.update', { name: 'Minsu Kim' })).toBe('conflict');
    // The app renames one of two users: the other keeps the name. Everybody is told the new one.
    await using renamed = await comeAs(app.url, 'minsu', 'Minsu Lee');
    await watcher.events.first(
      ({ name, body }) => name === 'member.updated' && (body['user'] as { name: string }).name === 'Minsu Lee',
    );
    expect(await outcome(thief, 'user.update', { name: 'Minsu Kim' })).toBe('conflict');
    await using other = await comeAs(app.url, 'another-minsu', 'Mina');
    expect(await nameOf(other)).toBe('Mina');
    expect(await outcome(thief, 'user.update', { name: 'Minsu Kim' })).toBe('ok');
    expect(await nameOf(renamed)).toBe('Minsu Lee');
  });
});

describe('ownership', () => {
  test('of a room that an app user created passes to nobody by accident, and its creator gets it back', async () => {
    await using app = await startApp();
    await using backend = await comeAs(app.url, 'backend', 'Backend');
    await using user = await comeAs(app.url, 'minsu', 'Minsu');
    await using guest = await connectJsonRpc(app.url, { name: 'visitor' });
    const { room } = await call(backend, 'room.create', { name: 'support' });
    for (const each of [user, guest]) await call(each, 'room.join', { room: room.id });
    await call(backend, 'room.leave', { room: room.id });
    for (const each of [user, guest]) {
      expect((await call(each, 'room.get', { room: room.id })).room.role).toBe('member');
      expect(await outcome(each, 'room.update', { room: room.id, topic: 'mine' })).toBe('forbidden');
      expect(await outcome(each, 'message.send', { room: room.id, text: 'and on' })).toBe('ok');
    }
    expect((await call(backend, 'room.join', { room: room.id })).room.role).toBe('owner');
  });

  test("of a guest's room goes to a guest, not to a user of the app", async () => {
    await using app = await startApp();
    await using owner = await connectJsonRpc(app.url, { name: 'owner' });
    await using user = await comeAs(app.url, 'minsu', 'Minsu');
    await using guest = await connectJsonRpc(app.url, { name: 'visitor' });
    const { room } = await call(owner, 'room.create', { name: 'ours' });
    for (const each of [user, guest]) await call(each, 'room.join', { room: room.id });
    await call(owner, 'room.leave', { room: room.id });
    expect((await call(user, 'room.get', { room: room.id })).room.role).toBe('member');
    expect((await call(guest, 'room.get', { room: room.id })).room.role).toBe('owner');
  });
});

describe('settings for the rooms of an app', () => {
  test('lobby off: nobody is put into a room, and line mode says what to do', async () => {
    await using app = await startApp({ lobby: false });
    await using user = await comeAs(app.url, 'minsu', 'Minsu');
    expect((await call(user, 'session.get', {})).rooms).toEqual([]);
    expect(await outcome(user, 'room.get', { room: 'lobby' })).toBe('not_found');
    const { room } = await call(user, 'room.create', { name: 'workspace' });
    await using line = await connectLine(app.url);
    line.say('hello?');
    await line.lines.first((each) => each.startsWith('!') && each.includes('/join'));
    line.say(`/join ${room.id}`);
    await line.lines.first((each) => each.includes('workspace'));
    line.say('hello!');
    await line.lines.first((each) => each.includes('hello!'));
  });

  test('default rooms: new users are put into those that exist, by id or name', async () => {
    const said: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
    await using app = await startApp({ lobby: false, defaultRooms: ['News', 'not there'], logger });
    expect(said.map((line) => (JSON.parse(line) as { missing?: string[] }).missing)).toEqual([['News', 'not there']]);
    await using first = await comeAs(app.url, 'first', 'First');
    const { room } = await call(first, 'room.create', { name: 'News' });
    await call(first, 'room.create', { name: 'not there', kind: 'private' });
    await using second = await comeAs(app.url, 'second', 'Second');
    expect((await call(second, 'session.get', {})).rooms.map(({ id }) => id)).toEqual([room.id]);
  });

  test.each([
    ['guest', 'ok', 'ok'],
    ['member', 'forbidden', 'ok'],
    ['off', 'forbidden', 'forbidden'],
  ] as const)('create rooms: %s', async (createRooms, byGuest, byUser) => {
    await using app = await startApp({ createRooms });
    await using guest = await connectJsonRpc(app.url, { name: 'visitor' });
    await using user = await comeAs(app.url, 'minsu', 'Minsu');
    expect(await outcome(guest, 'room.create', { name: 'of a guest' })).toBe(byGuest);
    expect(await outcome(user, 'room.create', { name: 'of a user' })).toBe(byUser);
    expect((await call(guest, 'session.get', {})).can.createRooms).toBe(byGuest === 'ok');
  });

  test.each([
    ['guest', 'ok', 'ok', 'ok'],
    ['member', 'forbidden', 'ok', 'ok'],
    ['shared', 'ok', 'ok', 'forbidden'],
    ['off', 'forbidden', 'forbidden', 'forbidden'],
  ] as const)('direct: %s', async (direct, byGuest, byUser, withStranger) => {
    await using app = await startApp({ direct });
    await using guest = await connectJsonRpc(app.url, { name: 'visitor' });
    await using user = await comeAs(app.url, 'minsu', 'Minsu');
    await using other = await comeAs(app.url, 'dawn', 'Dawn');
    await using stranger = await comeAs(app.url, 'stranger', 'Stranger');
    await call(stranger, 'room.leave', { room: 'lobby' });
    expect(await outcome(guest, 'direct.open', { user: await idOf(other) })).toBe(byGuest);
    expect(await outcome(user, 'direct.open', { user: await idOf(other) })).toBe(byUser);
    expect(await outcome(user, 'direct.open', { user: await idOf(stranger) })).toBe(withStranger);
    expect((await call(user, 'session.get', {})).can.openDirects).toBe(direct !== 'off');
  });
});
