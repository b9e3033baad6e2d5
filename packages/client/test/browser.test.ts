import type { Client } from '@madang/client';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startBrowser } from '../../../tests/support/browser.js';
import { startHostApp } from '../../../tests/support/host-app.js';
import { startServer } from './start-server.js';

declare global {
  // Set by one step of a test in the page, for the next ones.
  var client: Client;
  var madang: typeof import('@madang/client');
}

describe('in a real browser, with a cookie and IndexedDB', () => {
  let browser: Browser;
  let bundle: string;

  beforeAll(async () => {
    browser = await startBrowser();
    bundle = await bundleClient();
  }, 60_000);

  afterAll(() => browser.close());

  test('C38 the browser bundle contains nothing that needs Node', () => {
    expect(bundle).not.toMatch(/require\(["']|from ["']node:/);
  });

  test('C39 on a page of the host app, Madang is found at `/chat`, and the app’s own sign-in is the session', async () => {
    await using app = await startHostApp();
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    await context.addCookies([{ name: 'app', value: 'minsu', url: app.url }]);
    const page = await context.newPage();
    await page.goto(`${app.url}/account/page`);
    await page.addScriptTag({ content: bundle });
    const said = await page.evaluate(async () => {
      globalThis.client = madang.createClient({ url: '/chat', credentials: 'cookie' });
      client.connect();
      const { author, text } = await client.send('lobby', 'hello').sent;
      return [author.name, text];
    });
    expect(said).toEqual(['Minsu', 'hello']);

    // A blocker in the browser that refuses WebSockets is like a proxy that does.
    const again = await page.evaluate(async () => {
      globalThis.WebSocket = function refused() {
        throw new DOMException('refused', 'SecurityError');
      } as unknown as typeof WebSocket;
      const blocked = madang.createClient({ url: '/chat', credentials: 'cookie', transport: 'auto' });
      blocked.connect();
      const { text } = await blocked.send('lobby', 'hello again').sent;
      await blocked.close();
      return text;
    });
    expect(again).toBe('hello again');
  });

  test.each(['auto', 'socket.io'] as const)(
    'D3 once: messages written without a server or a network are sent in order, even after a reload (%s)',
    async (transport) => {
      const server = await startServer();
      const context = await browser.newContext({ bypassCSP: true });
      onTestFinished(() => context.close());
      const page = await context.newPage();

      async function load(): Promise<void> {
        // Any page of the server's origin will do.
        await page.goto(`${server.url}/healthz`);
        await page.addScriptTag({ content: bundle });
        await page.evaluate((wire) => {
          globalThis.client = madang.createClient({
            url: location.origin,
            transport: wire,
            credentials: 'cookie',
            backOff: { minMs: 50, maxMs: 200 },
          });
          client.connect();
          client.room('lobby').subscribe(() => {});
        }, transport);
      }

      await load();
      await untilStatus(page, 'signed-out');
      await page.evaluate(() => client.signIn({ name: 'anna' }));
      await send(page, 'with a server');
      await untilSent(page, ['with a server']);
      expect(await page.evaluate(() => client.token ?? null)).toBeNull();

      await context.setOffline(true);
      await untilStatus(page, 'offline');
      await send(page, 'without a network');
      await context.setOffline(false);
      await untilSent(page, ['with a server', 'without a network']);

      await server.kill();
      await untilStatus(page, 'reconnecting');
      await send(page, 'without a server');
      await send(page, 'the last');
      await page.evaluate(() => client.close());
      await server.start();
      await load();
      await untilSent(page, ['with a server', 'without a network', 'without a server', 'the last']);

      await page.evaluate(() => client.signOut());
      await load();
      await untilStatus(page, 'signed-out');
    },
    60_000,
  );
});

async function bundleClient(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(import.meta.resolve('@madang/client')),
        formats: ['iife'],
        name: 'madang',
      },
    },
  });
  const [first] = Array.isArray(output) ? output : [output];
  if (!first || !('output' in first)) throw new Error('Nothing was built');
  return first.output[0].code;
}

async function send(page: Page, text: string): Promise<void> {
  await page.evaluate((words) => void client.send('lobby', words), text);
}

async function untilStatus(page: Page, status: string): Promise<void> {
  await page.waitForFunction((wanted) => client.state.get().status === wanted, status, { timeout: 15_000 });
}

async function untilSent(page: Page, texts: string[]): Promise<void> {
  const wanted = texts.map((text) => `${text}: sent`).join();
  await page.waitForFunction(
    (all) => {
      const { messages } = client.room('lobby').get();
      return messages.map(({ text, delivery }) => `${text}: ${delivery}`).join() === all;
    },
    wanted,
    { timeout: 15_000 },
  );
}
