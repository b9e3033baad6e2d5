import { type Client, type ClientOptions, createClient } from '@madang/client';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startGuest } from '../../../tests/support/guest.js';
import { startServer as startSharedServer, type TestServer } from '../../../tests/support/start-server.js';
import { startServer } from './start-server.js';

const transports = ['socket.io', 'websocket'] as const;

/** For tests that do no harm to their server; each brings its own users. */
let shared: TestServer;

beforeAll(async () => {
  shared = await startSharedServer();
});

afterAll(() => shared[Symbol.asyncDispose]());

function newClient(options: ClientOptions): Client {
  const client = createClient({ backOff: { minMs: 50, maxMs: 200 }, ...options });
  onTestFinished(() => client.close());
  return client;
}

function until(check: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(check()).toBe(true), { timeout: 15_000, interval: 20 });
}

function texts(client: Client): string[] {
  return client
    .room('lobby')
    .get()
    .messages.map(({ text, delivery }) => (delivery === 'sent' ? text : `(${text})`));
}

describe.each(transports)('a real server over %s', (transport) => {
  /** A name that no other test uses. */
  const named = (name: string) => `${name} by ${transport}`;

  async function open(name: string, url: string, options: ClientOptions = {}): Promise<Client> {
    const client = newClient({ url, transport, name, ...options });
    client.connect();
    client.room('lobby').subscribe(() => {});
    await until(() => client.room('lobby').get().status === 'ready');
    return client;
  }

  test('C12 a guest signs in and gets the rooms, and two guests receive each other’s messages', async () => {
    const anna = await open(named('anna'), shared.url);
    const bob = await open(named('bob'), shared.url);
    expect(anna.user.get()?.name).toBe(named('anna'));
    expect(anna.rooms.get()).toMatchObject([{ id: 'lobby', role: 'member' }]);
    const before = bob.rooms.get()[0]!.unread ?? 0;
    const { message } = { message: await anna.send('lobby', '안녕하세요').sent };
    await until(() => texts(bob).includes('안녕하세요'));
    expect(anna.room('lobby').get().messages.at(-1)).toMatchObject({ id: message.id, delivery: 'sent' });
    expect(bob.rooms.get()[0]!.unread).toBe(before + 1);
    bob.room('lobby').markRead();
    expect(bob.rooms.get()[0]!.unread).toBe(0);
    await bob.call('message.react', { message: message.id, emoji: '👍' });
    await until(() => anna.room('lobby').get().messages.at(-1)?.reactions?.[0]?.count === 1);
    await anna.call('message.edit', { message: message.id, text: '반갑습니다' });
    await until(() => texts(bob).includes('반갑습니다'));
  });

  test('C34 a message that was deleted counts as unread no more, and mentions nobody, since whenever it is there', async () => {
    const ella = await open(named('ella'), shared.url);
    const { token } = await startGuest(shared.url, named('finn'));
    const said: string[] = [];
    for (const text of ['one', `@${named('finn')} two`, 'three']) said.push((await ella.send('lobby', text).sent).id);
    const finn = newClient({ url: shared.url, transport, token });
    finn.connect();
    const counts = () => finn.rooms.get().map(({ unread, mentions }) => ({ unread, mentions }))[0];
    await until(() => counts()?.mentions === 1);
    const { unread = 0 } = counts()!;
    said.push((await ella.send('lobby', `@${named('finn')} four`).sent).id);
    await until(() => counts()?.mentions === 2);
    for (const message of said) await ella.call('message.delete', { message });
    await until(() => counts()?.mentions === 0);
    expect(counts()).toEqual({ unread: unread - 3, mentions: 0 });
    const { room } = await finn.call('room.get', { room: 'lobby' });
    expect(room.unread).toBe(unread - 3);
  });

  test('C13 typing, presence, names and rooms are kept up to date', async () => {
    const dora = await open(named('dora'), shared.url);
    const carl = await open(named('carl'), shared.url);
    await dora.room('lobby').loadMembers();
    carl.room('lobby').typing();
    await until(() => dora.room('lobby').get().typing[0]?.name === named('carl'));
    carl.send('lobby', 'done');
    await until(() => dora.room('lobby').get().typing.length === 0);
    await carl.call('user.update', { name: named('carlo') });
    expect(carl.user.get()?.name).toBe(named('carlo'));
    await until(() =>
      dora
        .room('lobby')
        .get()
        .members.some(({ user }) => user.name === named('carlo')),
    );
    const { room } = await dora.call('room.create', { name: named('garden') });
    expect(dora.rooms.get().map(({ id }) => id)).toContain(room.id);
    await dora.call('room.invite', { room: room.id, user: carl.user.get()!.id });
    await until(() => carl.rooms.get().some(({ id }) => id === room.id));
    expect(dora.rooms.get().find(({ id }) => id === room.id)?.members).toBe(2);
    await dora.call('room.remove', { room: room.id, user: carl.user.get()!.id });
    await until(() => !carl.rooms.get().some(({ id }) => id === room.id));
    await until(() => dora.rooms.get().find(({ id }) => id === room.id)?.members === 1);
    await carl.close();
    await until(() =>
      dora
        .room('lobby')
        .get()
        .members.some(({ user, presence }) => user.name === named('carlo') && presence === 'offline'),
    );
  });

  test('D1 D3 D4 messages written while the server is down arrive once and in order, on both sides', async () => {
    const server = await startServer();
    const anna = await open('anna', server.url);
    const bob = await open('bob', server.url);
    const heard: string[] = [];
    bob.on('message.created', ({ message }) => heard.push(message.text));
    const wanted = Array.from({ length: 60 }, (_, i) => `m${i}`);
    const sent = wanted.slice(0, 30).map((text) => anna.send('lobby', text).sent);
    await sent[3];
    await server.kill();
    sent.push(...wanted.slice(30).map((text) => anna.send('lobby', text).sent));
    await until(() => anna.state.get().status === 'reconnecting');
    await server.start();
    const messages = await Promise.all(sent);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(60);
    await until(() => heard.length >= 60);
    expect(heard).toEqual(wanted);
    expect(texts(bob).slice(-50)).toEqual(wanted.slice(-50));
    expect(texts(anna).slice(-50)).toEqual(wanted.slice(-50));
  });

  test('D4 resume: a client that was away while the server restarted receives everything it missed', async () => {
    const server = await startServer('--reconnect-spread-ms', '100', '--limits', 'off');
    const anna = await open('anna', server.url);
    const bob = await open('bob', server.url);
    const heard: string[] = [];
    bob.on('message.created', ({ message }) => heard.push(message.text));
    const before = bob.user.get()!.id;
    await server.stop();
    await until(() => bob.state.get().status === 'reconnecting');
    await server.start();
    const wanted = Array.from({ length: 300 }, (_, i) => `m${i}`);
    await until(() => anna.state.get().status === 'online');
    for (const text of wanted) anna.send('lobby', text);
    await until(() => heard.length >= 300);
    expect(heard).toEqual(wanted);
    expect(bob.user.get()!.id).toBe(before);
  });

  test('C53 an edit that names the text it replaces overwrites no other one', async () => {
    const gina = await open(named('gina'), shared.url);
    const { id } = await gina.send('lobby', 'one').sent;
    const edit = (text: string, was?: string) =>
      gina.call('message.edit', { message: id, text, ...(was !== undefined && { was }) });
    await edit('two', 'one');
    await expect(edit('three', 'one')).rejects.toMatchObject({ code: 'conflict', details: { field: 'was' } });
    // A repeat, and an edit without it.
    expect((await edit('two', 'one')).message.text).toBe('two');
    expect((await edit('four')).message.text).toBe('four');
    await gina.call('message.delete', { message: id });
    await expect(edit('five', 'four')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('C14 a token resumes its session in another client; signing out ends it in both', async () => {
    const erin = await open(named('erin'), shared.url);
    const again = newClient({ url: shared.url, transport, token: erin.token! });
    again.connect();
    await until(() => again.state.get().status === 'online');
    expect(again.user.get()).toEqual(erin.user.get());
    const third = newClient({ url: shared.url, transport });
    expect(await third.signIn({ token: erin.token! })).toEqual(erin.user.get());
    const { token } = erin;
    await erin.signOut();
    expect(erin.state.get().status).toBe('signed-out');
    await until(() => again.state.get().status === 'signed-out');
    expect(again.token).toBeUndefined();
    const late = newClient({ url: shared.url, transport, token: token! });
    late.connect();
    await until(() => late.state.get().status === 'signed-out');
    expect(await late.signIn({ name: named('erin') })).toMatchObject({ name: named('erin') });
    expect(late.state.get().status).toBe('online');
  });

  test('C15 a name that is taken is refused, another one is accepted', async () => {
    await open(named('fred'), shared.url);
    const other = newClient({ url: shared.url, transport });
    await expect(other.signIn({ name: named('fred') })).rejects.toMatchObject({ code: 'conflict' });
    expect(other.state.get().status).toBe('signed-out');
    await expect(other.signIn({ name: '' })).rejects.toMatchObject({ code: 'invalid_input' });
    await other.signIn({ name: named('hana') });
    await other.send('lobby', 'hi').sent;
    await expect(other.signIn({ name: 'x' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('C16 after close() nothing keeps the process alive', async () => {
    const script = `
      import { createClient } from '@madang/client';
      const client = createClient({ url: '${shared.url}', transport: '${transport}', name: '${named('brief')}' });
      client.connect();
      await client.send('lobby', 'hi').sent;
      await client.close();
      await client.close();
      console.log(client.state.get().status);
    `;
    const started = Date.now();
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      timeout: 8000,
    });
    expect(stdout.trim()).toBe('closed');
    expect(Date.now() - started).toBeLessThan(5000);
  });
});

/**
 * A proxy that lets no WebSocket through, like those of some companies: it refuses them, or never answers. `plain` counts
 * those for `/ws`.
 */
async function startOldProxy(
  target: string,
  answers = true,
): Promise<{ url: string; plain: () => number; cut: () => void }> {
  let plain = 0;
  const proxy = createServer((request, response) => {
    const { method, headers, url } = request;
    const passed = httpRequest(new URL(url ?? '/', target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  const swallowed = new Set<Duplex>();
  proxy.on('upgrade', ({ url }, socket) => {
    if (url === '/ws') plain += 1;
    if (answers) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else swallowed.add(socket);
  });
  proxy.listen(0);
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    for (const socket of swallowed) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : '';
  return { url: `http://localhost:${port}`, plain: () => plain, cut: () => proxy.closeAllConnections() };
}

test.each(['socket.io', 'auto'] as const)(
  'C37 %s falls back to long polling where no WebSocket passes',
  async (transport) => {
    const { url } = await startOldProxy(shared.url);
    const client = newClient({ url, name: `by polling of ${transport}`, transport });
    client.connect();
    expect((await client.send('lobby', 'by polling').sent).text).toBe('by polling');
    expect(client.state.get().status).toBe('online');
    await client.close();
  },
);

test('C37 auto does not wait for a WebSocket that a proxy swallows, and takes what worked the next time', async () => {
  const proxy = await startOldProxy(shared.url, false);
  const client = newClient({ url: proxy.url, name: 'swallowed', transport: 'auto' });
  client.connect();
  expect((await client.send('lobby', 'by other means').sent).text).toBe('by other means');
  let isLost = false;
  client.state.subscribe(() => (isLost ||= client.state.get().status === 'reconnecting'));
  // More than once: there may be no request just now.
  await until(() => {
    if (!isLost) proxy.cut();
    return isLost;
  });
  expect((await client.send('lobby', 'again').sent).text).toBe('again');
  expect(proxy.plain()).toBe(1);
  await client.close();
});

test('a transport that there is not is refused', () => {
  expect(() => createClient({ url: shared.url, transport: 'carrier-pigeon' as 'auto' })).toThrow('transport must be');
});
