import type { Browser } from 'playwright-core';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { transports } from '../support/transports.ts';
import { Inbox } from '../support/inbox.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

/** A page that knows no more of a server than the standard's `WebSocket` can do. */
function page(text: string): string {
  return `<!DOCTYPE html>
<html>
<head>
  <meta charset="UTF-8">
  <title>Native WebSocket</title>
</head>
<body>
<script>
  var ws = new WebSocket("ws://localhost:${server.port}");

  ws.onopen = function (event) {
    ws.send("${text}");
  };

  ws.onmessage = function (event) {
    console.log("Server message: ", event.data);
  };

  ws.onerror = function (event) {
    console.log("Server error message: ", event.data);
  };
</script>
</body>
</html>`;
}

/** Opens the page, and returns what it has printed once its own line has come back. */
async function open(url: string, text: string): Promise<readonly string[]> {
  const context = await browser.newContext({ locale: 'en-US' });
  const tab = await context.newPage();
  const printed = new Inbox<string>();
  tab.on('console', (message) => printed.push(message.text()));
  tab.on('pageerror', (error) => printed.push(`page error: ${error.message}`));
  await tab.goto(url);
  await printed.first((line) => line.endsWith(`: ${text}`));
  await context.close();
  return printed.all;
}

/**
 * Checks that the page is greeted with one line that has its name, and that its messages reach the lobby under that
 * name.
 */
async function check(url: string, text: string): Promise<void> {
  await using listener = await transports['/ws'](server.url, { name: `listener ${text}` });
  const printed = await open(url, text);
  const [greeting = ''] = printed;
  expect(greeting).toMatch(/^Server message: {2}Welcome to Madang! .*guest-\d+/);
  expect(greeting).not.toContain('\n');
  const name = /guest-\d+/.exec(greeting)?.[0];
  expect(printed).toContain(`Server message:  [lobby] ${name}: ${text}`);
  expect(printed.filter((line) => /error/i.test(line))).toEqual([]);

  const { body } = await listener.events.first(
    (event) => event.name === 'message.created' && (event.body['message'] as { text: string }).text === text,
  );
  expect(body).toMatchObject({ room: 'lobby', actor: { name }, message: { text } });
}

test("the tutorial's first page works from a file, in a real browser", async () => {
  using folder = tempFolder();
  const file = join(folder.path, 'index.html');
  writeFileSync(file, page('Front-end message: Hi!'));
  await check(pathToFileURL(file).href, 'Front-end message: Hi!');
});

test("the tutorial's first page works from another origin, in a real browser", async () => {
  const other = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(page('안녕, from elsewhere'));
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  await check(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`, '안녕, from elsewhere');
  other.close();
});
