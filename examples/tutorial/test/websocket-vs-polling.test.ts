import { connect as connectTcp } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { violations } from '../../../tests/support/axe.js';
import { startBrowser } from '../../../tests/support/browser.js';
import { type Program, startProgram, waitFor } from './program.js';

interface Account {
  requests: number;
  bytesIn: number;
  bytesOut: number;
}

/** A run, controlled as its page would do it, but without a page. */
interface Run {
  id: string;
  accounts: () => Record<string, Account>;
  send: (order: unknown) => void;
  /** Stops the source, and resolves to the number of its last message. */
  pause: () => Promise<number>;
  socket: WebSocket;
}

const none: Account = { requests: 0, bytesIn: 0, bytesOut: 0 };
const lanes = ['short-polling', 'long-polling', 'server-sent-events', 'websocket', 'socket.io'];

vi.setConfig({ testTimeout: 40_000, hookTimeout: 40_000 });

let program: Program;
let browser: Browser;

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram('websocket-vs-polling'), startBrowser()]);
});

afterAll(async () => {
  await browser.close();
  expect(await program.close()).toBe(0);
});

async function openRun(): Promise<Run> {
  const socket = new WebSocket(`ws://localhost:${program.port}/control`);
  let id = '';
  let last: number | undefined;
  let accounts: Record<string, Account> = {};
  socket.on('message', (data) => {
    const news = JSON.parse(Buffer.isBuffer(data) ? data.toString() : '{}');
    if (news.type === 'run') id = news.id;
    if (news.type === 'stats') accounts = news.accounts;
    if (news.type === 'paused') last = news.last;
  });
  await waitFor(() => id !== '');
  const send = (order: unknown): void => socket.send(JSON.stringify(order));
  const pause = async (): Promise<number> => {
    last = undefined;
    send({ type: 'pause' });
    return waitFor(() => last);
  };
  return { id, accounts: () => accounts, send, pause, socket };
}

function url(path: string, run: Run, after = 0): string {
  return `http://localhost:${program.port}/${path}?run=${run.id}&after=${after}`;
}

/** One client for each transport. Each resolves to the numbers it received, in order. */
function listen(run: Run): { got: Record<string, number[]>; close: () => void } {
  const got: Record<string, number[]> = Object.fromEntries(lanes.map((lane) => [lane, []]));
  const ending = new AbortController();
  const { signal } = ending;
  const add = (lane: string, message: unknown): void => void got[lane]?.push(Number(Object(message).n));

  const poll = async (lane: string, everyMs: number): Promise<void> => {
    const response = await fetch(url(lane, run, got[lane]?.at(-1)), { signal });
    for (const message of Object(await response.json())) add(lane, message);
    setTimeout(() => void poll(lane, everyMs).catch(() => {}), everyMs);
  };
  const stream = async (): Promise<void> => {
    const response = await fetch(url('server-sent-events', run), { signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) add('server-sent-events', JSON.parse(event.replace(/^id: \d+\ndata: /, '')));
    }
  };
  void poll('short-polling', 100).catch(() => {});
  void poll('long-polling', 0).catch(() => {});
  void stream().catch(() => {});
  const webSocket = new WebSocket(`ws://localhost:${program.port}/websocket?run=${run.id}`);
  webSocket.on('message', (data) => add('websocket', JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')));
  const socketIo = io(`http://localhost:${program.port}`, { query: { run: run.id }, forceNew: true });
  socketIo.on('message', (message: unknown) => add('socket.io', message));
  return {
    got,
    close() {
      ending.abort();
      webSocket.close();
      socketIo.close();
    },
  };
}

test('all five transports deliver the same messages, each once and in order', async () => {
  const run = await openRun();
  const { got, close } = listen(run);
  run.send({ type: 'rate', rate: 50 });
  run.send({ type: 'start' });
  await waitFor(() => lanes.every((lane) => (got[lane]?.length ?? 0) >= 60));
  const last = await run.pause();
  await waitFor(() => lanes.every((lane) => got[lane]?.at(-1) === last));
  const all = Array.from({ length: last }, (_, i) => i + 1);
  for (const lane of lanes) expect(got[lane], lane).toEqual(all);
  await waitFor(() => lanes.every((lane) => (run.accounts()[lane]?.requests ?? 0) > 0));
  close();
  run.socket.close();
});

test('the bytes counted are the bytes that a connection carried', async () => {
  const run = await openRun();
  const tcp = connectTcp(program.port, 'localhost');
  let received = '';
  tcp.setEncoding('latin1').on('data', (text: string) => (received += text));
  // Three transports take turns on one connection, as a browser's requests do, and each is charged for its own.
  const bytes: number[] = [];
  const paths = [`/short-polling?run=${run.id}`, '/', `/short-polling?run=${run.id}&after=5`];
  for (const path of paths) {
    const before = received.length;
    tcp.write(request(path));
    // oxlint-disable-next-line no-await-in-loop
    await waitFor(() => isWhole(received.slice(before)));
    bytes.push(received.length - before);
  }
  const expected = {
    requests: 2,
    bytesIn: request(paths[0] ?? '').length + request(paths[2] ?? '').length,
    bytesOut: (bytes[0] ?? 0) + (bytes[2] ?? 0),
  };
  await waitFor(() => run.accounts()['short-polling']?.bytesOut === expected.bytesOut);
  expect(run.accounts()['short-polling']).toEqual(expected);
  expect(run.accounts()['long-polling']).toEqual(none);
  tcp.destroy();
  run.socket.close();
});

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

function isWhole(response: string): boolean {
  const head = response.indexOf('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(response)?.[1]);
  return head > 0 && response.length === head + 4 + length;
}

test('hostile requests and commands are refused, and the server continues', async () => {
  const run = await openRun();
  const statuses = await Promise.all(
    ['short-polling', 'long-polling', 'server-sent-events'].map(
      async (path) => (await fetch(`http://localhost:${program.port}/${path}?run=nobody`)).status,
    ),
  );
  expect(statuses).toEqual([404, 404, 404]);
  const poll = await fetch(`${url('short-polling', run)}&after[]=x`);
  expect(poll.status).toBe(200);
  for (const path of ['websocket', 'websocket?run=nobody', 'nowhere', '/'])
    // oxlint-disable-next-line no-await-in-loop
    await expect(failure(`ws://localhost:${program.port}/${path}`)).resolves.toBe('Unexpected server response: 404');
  for (const order of ['', 'null', '[]', '{"type":"rate"}', '{"type":"rate","rate":"9"}', '{"type":"x"}']) {
    // oxlint-disable-next-line no-await-in-loop
    const { socket } = await openRun();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(order);
    // oxlint-disable-next-line no-await-in-loop
    expect(await closed, order).toBe(1008);
  }
  run.send({ type: 'rate', rate: 1e9 });
  run.send({ type: 'start' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await run.pause()).toBeLessThanOrEqual(50);
  run.socket.close();
});

async function failure(address: string): Promise<string> {
  const socket = new WebSocket(address);
  return new Promise((resolve) => socket.once('error', (error) => resolve(error.message)));
}

test('the page: five lanes get the same, and WebSocket needs the fewest requests and bytes', async () => {
  const { tab, trouble } = await openPage();
  // Starting over while a connection opens would be told as an error.
  await waitUntilReceived(tab, 1);
  // Slow enough that a busy machine, too, asks again before the next message: then each costs a long poll.
  await tab.getByRole('slider', { name: 'Messages' }).fill('3');
  await tab.getByRole('button', { name: 'Start over' }).click();
  await waitUntilReceived(tab, 12);
  await tab.getByRole('button', { name: 'Pause' }).click();
  await tab.getByRole('status').filter({ hasText: 'Every lane got the same messages' }).waitFor();
  const messages = await Promise.all(lanes.map((lane) => cell(tab, lane, 'messages')));
  expect(new Set(messages).size).toBe(1);
  // Lets the last numbers of the server arrive.
  await tab.waitForTimeout(400);
  const requests = await Promise.all(lanes.map((lane) => cell(tab, lane, 'requests')));
  const bytes = await Promise.all(lanes.map((lane) => cell(tab, lane, 'bytesEach')));
  const [short = 0, long = 0, events = 0, webSocket = 0, socketIo = 0] = requests;
  expect([webSocket, events]).toEqual([1, 1]);
  expect(short).toBeGreaterThan(1);
  expect(long).toBeGreaterThan(messages[0] ?? 0);
  expect(socketIo).toBeGreaterThan(1);
  expect(Math.min(...bytes)).toBe(bytes[3]);
  expect(bytes[0]).toBeGreaterThan(2 * (bytes[3] ?? 0));
  expect(await cell(tab, 'short-polling', 'median')).toBeGreaterThan(await cell(tab, 'websocket', 'median'));

  // The pause was a pause: nothing more arrived, and it continues where it was.
  expect(await cell(tab, 'websocket', 'messages')).toBe(messages[3]);
  await tab.getByRole('button', { name: 'Start', exact: true }).click();
  await waitUntilReceived(tab, (messages[0] ?? 0) + 3);
  await tab.getByRole('button', { name: 'Pause' }).click();
  await tab.getByRole('status').filter({ hasText: 'Every lane got the same messages' }).waitFor();
  expect(trouble).toEqual([]);
  await tab.context().close();
});

test('the page: rate and interval can be changed by keyboard, and starting over begins with nothing', async () => {
  const { tab, trouble } = await openPage();
  await tab.getByRole('slider', { name: 'Messages' }).press('End');
  await tab.getByText('50 a second').waitFor();
  await tab.getByRole('slider', { name: 'Short polling' }).press('Home');
  await tab.getByText('every 100 ms').waitFor();
  await waitUntilReceived(tab, 100);
  await tab.getByRole('button', { name: 'Start over' }).click();
  await expect.poll(async () => cell(tab, 'websocket', 'messages')).toBeLessThan(50);
  await waitUntilReceived(tab, 50);
  await tab.getByRole('button', { name: 'Pause' }).click();
  await tab.getByRole('status').filter({ hasText: 'Every lane got the same messages' }).waitFor();
  expect(trouble).toEqual([]);
  await tab.context().close();
});

test('axe finds nothing in the comparison: by all rules in one theme, and in the colours of the other', async () => {
  const { tab } = await openPage({ colorScheme: 'light', reducedMotion: 'reduce' });
  await waitUntilReceived(tab, 5);
  await tab.locator('summary').click();
  expect(await violations(tab, 'light')).toEqual([]);
  await tab.getByRole('button', { name: '한국어' }).click();
  await tab.setViewportSize({ width: 390, height: 844 });
  expect(await violations(tab, 'dark')).toEqual([]);
  expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await tab.context().close();
});

interface PageOptions {
  colorScheme?: 'light' | 'dark';
  reducedMotion?: 'reduce';
}

async function openPage(options: PageOptions = {}): Promise<{ tab: Page; trouble: string[] }> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  const tab = await context.newPage();
  const trouble: string[] = [];
  tab.on('console', (message) => trouble.push(message.text()));
  tab.on('pageerror', (error) => trouble.push(error.message));
  await tab.goto(`http://localhost:${program.port}/`);
  return { tab, trouble };
}

async function waitUntilReceived(tab: Page, count: number): Promise<void> {
  await expect.poll(async () => cell(tab, 'websocket', 'messages'), { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
}

async function cell(tab: Page, lane: string, field: string): Promise<number> {
  const text = await tab.locator(`#rows [data-transport="${lane}"] [data-field="${field}"]`).textContent();
  return Number((text ?? '').replace(/[^\d.]/g, ''));
}
