import type { Browser, Page } from 'playwright-core';
import { type Socket, io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { violations } from '../../../tests/support/axe.js';
import { startBrowser } from '../../../tests/support/browser.js';
import { type Program, startProgram, waitFor } from './program.js';

interface Client {
  socket: Socket;
  /** All events it received, as `[name, argument]`. */
  heard: [string, unknown][];
  ask: (event: string, ...input: unknown[]) => Promise<unknown>;
}

const open = new Set<Socket>();
vi.setConfig({ testTimeout: 40_000, hookTimeout: 40_000 });

let program: Program;
let browser: Browser;

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram('socket-io-chat'), startBrowser()]);
});

afterEach(() => {
  for (const socket of open) socket.close();
  open.clear();
});

afterAll(async () => {
  await browser.close();
  expect(await program.close()).toBe(0);
});

async function connect(namespace = '/'): Promise<Client> {
  const socket = io(`http://localhost:${program.port}${namespace}`, { forceNew: true, transports: ['websocket'] });
  open.add(socket);
  const heard: [string, unknown][] = [];
  socket.onAny((event: string, input: unknown) => heard.push([event, input]));
  await waitFor(() => socket.connected);
  return { socket, heard, ask: async (event, ...input) => socket.timeout(2000).emitWithAck(event, ...input) };
}

async function comeIn(name: string): Promise<Client> {
  const client = await connect();
  expect(await client.ask('login', { name, id: name.toLowerCase() })).toEqual({ ok: true });
  return client;
}

async function three(): Promise<[Client, Client, Client]> {
  return [await comeIn('Red'), await comeIn('Green'), await comeIn('Blue')];
}

function texts(client: Client): unknown[] {
  return client.heard.filter(([event]) => event === 'chat').map(([, message]) => Object(message).text);
}

/** Waits until everything under way to these clients has arrived: events and answers travel in order. */
async function settle(...clients: Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.ask('leave', 'games')));
}

test('login: everybody is told who logged in, and chat messages name their author', async () => {
  const [red, green, blue] = await three();
  const person = { name: 'Blue', id: 'blue', client: blue.socket.id };
  await settle(red, green, blue);
  for (const client of [red, green, blue]) expect(client.heard).toContainEqual(['login', person]);
  await blue.ask('chat', { text: 'hello' });
  await settle(red);
  expect(red.heard).toContainEqual(['chat', { from: person, text: 'hello', to: 'everyone' }]);
});

const ways = [
  { way: 'everyone', to: () => 'everyone', heardBy: [true, true, true] },
  { way: 'the sender alone', to: () => 'me', heardBy: [true, false, false] },
  { way: 'all but the sender', to: () => 'others', heardBy: [false, true, true] },
  { way: 'one chosen client', to: (third: Client) => ({ client: third.socket.id }), heardBy: [false, false, true] },
  { way: 'a room', to: () => ({ room: 'tea' }), heardBy: [true, false, true] },
];

test.each(ways)('a message to $way is received by those and no others', async ({ to, heardBy }) => {
  const clients = await three();
  const [first, , third] = clients;
  await first.ask('join', 'tea');
  await third.ask('join', 'tea');
  expect(await first.ask('chat', { text: 'mark', to: to(third) })).toEqual({ ok: true });
  await settle(...clients);
  expect(clients.map((client) => texts(client).includes('mark'))).toEqual(heardBy);
});

test('forceDisconnect disconnects whoever asks for it, and the others are told', async () => {
  const [red, green] = await three();
  const { id } = red.socket;
  red.socket.emit('forceDisconnect');
  await waitFor(() => !red.socket.connected);
  await waitFor(() => green.heard.some(([event, person]) => event === 'logout' && Object(person).client === id));
  await waitFor(() => program.output().includes('Red (red) left: server namespace disconnect'));
});

test('disconnect: a client that closes its connection is noticed too', async () => {
  const [red, green] = await three();
  red.socket.close();
  await waitFor(() => green.heard.some(([event]) => event === 'logout'));
});

test('the namespace /stats receives counters and no chat', async () => {
  const watcher = await connect('/stats');
  const red = await comeIn('Red');
  await red.ask('chat', { text: 'hello' });
  await waitFor(() => watcher.heard.some(([event, stats]) => event === 'stats' && Object(stats).online === 1));
  expect(new Set(watcher.heard.map(([event]) => event))).toEqual(new Set(['stats']));
});

const nonsense = [undefined, null, 0, '', 'text', [], {}, { name: 1 }, { text: {} }, Buffer.from('x'), [[[]]]];
const hostile: [string, unknown, string][] = [
  ...nonsense.map((input): [string, unknown, string] => ['chat', input, 'invalid_input']),
  ...nonsense.map((input): [string, unknown, string] => ['join', input, 'invalid_input']),
  ['chat', { text: 'x'.repeat(1001) }, 'invalid_input'],
  ['chat', { text: '  ' }, 'invalid_input'],
  ['chat', { text: 'x', to: { room: '__proto__' } }, 'invalid_input'],
  ['chat', { text: 'x', to: { room: 'tea' } }, 'not_in_room'],
  ['chat', { text: 'x', to: { client: 'tea' } }, 'no_such_client'],
  ['login', { name: 'Red', id: 'red' }, 'already_logged_in'],
];

test('hostile input is refused, one by one, and the chat goes on', async () => {
  const [red, green] = await three();
  const answers = await Promise.all(hostile.map(async ([event, input]) => red.ask(event, input)));
  expect(answers).toEqual(hostile.map(([, , error]) => ({ ok: false, error })));
  // Without arguments, with many, and with an unknown event.
  red.socket.emit('chat');
  red.socket.emit('login', ...nonsense);
  red.socket.emit('no-such-event', { deep: nonsense });
  const stranger = await connect();
  const logins = [{ name: '', id: 'a' }, { name: 'a', id: 'a b' }, { name: 'a\u001B[2J', id: 'a' }, ...nonsense];
  for (const answer of await Promise.all(logins.map(async (login) => stranger.ask('login', login))))
    expect(answer).toEqual({ ok: false, error: 'invalid_input' });
  expect(await stranger.ask('chat', { text: 'x' })).toEqual({ ok: false, error: 'not_logged_in' });
  // Too large for the server: costs the sender's connection and nobody else's.
  stranger.socket.emit('chat', { text: 'x'.repeat(100_000) });
  await waitFor(() => !stranger.socket.connected);
  expect(await green.ask('chat', { text: 'still here' })).toEqual({ ok: true });
});

test('in the browser: the four ways, a room, a forced disconnect, and the return', async () => {
  const [red, sky] = [await enter('Red'), await enter('Sky')];
  await say(red, 'everyone', 'to all');
  await line(sky, 'to all').waitFor();
  await say(red, 'me', 'note');
  await line(red, 'note').waitFor();
  await say(red, 'others', 'to the others');
  await line(sky, 'to the others').waitFor();
  await say(red, 'client', 'to one');
  await line(sky, 'to one').waitFor();
  await red.getByLabel('Tea').check();
  await say(red, 'room', 'to the room');
  await line(red, 'to the room').waitFor();
  expect(await line(sky, 'note').or(line(sky, 'to the room')).count()).toBe(0);

  await red.getByRole('button', { name: 'Ask to be disconnected' }).click();
  await sky.locator('.notice', { hasText: 'Red left' }).waitFor();
  await red.getByRole('button', { name: 'Connect again' }).click();
  await sky.locator('.notice', { hasText: 'Red joined' }).waitFor();
  await say(red, 'everyone', '<img src=x onerror=alert(1)>');
  await line(sky, '<img src=x').waitFor();
  expect(await sky.locator('#log img').count()).toBe(0);
  await Promise.all([red.context().close(), sky.context().close()]);
});

test('axe finds nothing in the chat: by all rules in one theme, and in the colours of the other', async () => {
  const tab = await newTab({ colorScheme: 'light' });
  expect(await violations(tab, 'light')).toEqual([]);
  await tab.getByRole('button', { name: '한국어' }).click();
  await tab.getByRole('button', { name: '들어가기' }).waitFor();
  await tab.fill('#name', '하늘');
  await tab.fill('#id', 'sky');
  await tab.keyboard.press('Enter');
  await say(tab, 'others', '안녕하세요');
  await line(tab, '안녕하세요').waitFor();
  expect(await violations(tab, 'dark')).toEqual([]);
  await tab.context().close();
});

async function newTab(options: { colorScheme?: 'light' | 'dark' } = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  const tab = await context.newPage();
  await tab.goto(`http://localhost:${program.port}/`);
  return tab;
}

async function enter(name: string): Promise<Page> {
  const tab = await newTab();
  await tab.getByLabel('Name', { exact: true }).fill(name);
  await tab.getByLabel('ID', { exact: true }).fill(name.toLowerCase());
  await tab.keyboard.press('Enter');
  await tab.locator('.notice', { hasText: `${name} joined` }).waitFor();
  return tab;
}

async function say(tab: Page, way: string, text: string): Promise<void> {
  await tab.locator(`input[value=${way}]`).check();
  await tab.locator('#text').fill(text);
  await tab.keyboard.press('Enter');
}

function line(tab: Page, text: string) {
  return tab.locator('.message', { hasText: text });
}
