import { readFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { violations } from '../../../tests/support/axe.js';
import { startBrowser } from '../../../tests/support/browser.js';
import { type Program, startProgram, waitFor } from './program.js';

const page = fileURLToPath(new URL('../native-websocket/index.html', import.meta.url));
const greeting = 'Welcome! This line comes from the server.';

vi.setConfig({ testTimeout: 40_000, hookTimeout: 40_000 });

let program: Program;
let browser: Browser;
let otherOrigin: Server;

beforeAll(async () => {
  otherOrigin = createServer((_request, response) => {
    void readFile(page).then((html) => response.setHeader('content-type', 'text/html').end(html));
  });
  otherOrigin.listen(0, 'localhost');
  [program, browser] = await Promise.all([startProgram('native-websocket'), startBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await program.close();
  otherOrigin.close();
});

function otherOriginUrl(): string {
  const address = otherOrigin.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening');
  return `http://localhost:${address.port}/`;
}

const openings = [
  { from: 'a file', locale: 'en-US', url: () => `${pathToFileURL(page).href}?url=ws://localhost:${program.port}` },
  { from: 'another origin', locale: 'ko-KR', url: () => `${otherOriginUrl()}#ws://localhost:${program.port}` },
];

test.each(openings)('the page opened from $from is greeted, and its line is printed', async ({ url, locale }) => {
  const context = await browser.newContext({ locale });
  const tab = await context.newPage();
  const printed: string[] = [];
  tab.on('console', (message) => printed.push(message.text()));
  await tab.goto(url());
  await tab.locator('.received', { hasText: greeting }).waitFor();
  expect(printed).toContain(`From the server: ${greeting}`);
  const sent = (await tab.locator('.sent span').textContent()) ?? '';
  expect(sent).not.toBe('');
  await waitFor(() => program.output().includes(`Received: ${sent}\n`));
  await context.close();
});

test('the page says that there is no connection', async () => {
  const tab = await browser.newPage({ locale: 'en-US' });
  // A port on which a program listened and ended.
  const gone = await startProgram('native-websocket');
  await gone.close();
  await tab.goto(`${pathToFileURL(page).href}?url=ws://localhost:${gone.port}`);
  await tab.locator('.trouble', { hasText: 'No connection' }).waitFor();
  expect(await tab.locator('body').textContent()).not.toContain('undefined');
  await tab.goto(`${pathToFileURL(page).href}?url=nonsense:`);
  await tab.locator('.trouble').waitFor();
  await tab.close();
});

test('axe finds nothing on the page: by all rules in one theme, and in the colours of the other', async () => {
  const context = await browser.newContext({ locale: 'ko-KR', colorScheme: 'light' });
  const tab = await context.newPage();
  await tab.goto(`${otherOriginUrl()}?url=ws://localhost:${program.port}`);
  await tab.locator('.received').waitFor();
  expect(await violations(tab, 'light')).toEqual([]);
  await context.close();
});

test('a huge line and control characters affect nobody else', async () => {
  const huge = await connect();
  const closed = new Promise((resolve) => huge.once('close', resolve));
  huge.send('x'.repeat(64 * 1024 + 1));
  expect(await closed).toBe(1009);
  const tidy = await connect();
  tidy.send('red \u001B[31m alert');
  await waitFor(() => program.output().includes('Received: red \uFFFD[31m alert'));
  tidy.close();
});

test('it ends with code 0 when asked, and says goodbye to its clients', async () => {
  const short = await startProgram('native-websocket');
  const socket = await connect(short.port);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect(await short.close()).toBe(0);
  expect(await closed).toBe(1001);
});

async function connect(port = program.port): Promise<WebSocket> {
  const socket = new WebSocket(`ws://localhost:${port}`);
  await new Promise((resolve) => socket.once('open', resolve));
  return socket;
}
