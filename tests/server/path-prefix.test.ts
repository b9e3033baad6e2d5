import { createClient } from '@madang/client';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startBrowser } from '../support/browser.ts';
import { Disposables } from '../support/disposables.ts';
import { startNginx } from '../support/nginx.ts';
import { startServer } from '../support/start-server.ts';
import { enter, messageOf, say } from '../support/visitor.ts';

test('behind nginx below a path of a site, every transport and the web client work, and cookies are limited to that path', async () => {
  await using open = new Disposables();
  const server = open.use(
    await startServer({ flags: ['--path', '/chat', '--trusted-proxies', 'loopback', '--limits', 'off'] }),
  );
  const nginx = open.use(await startNginx([server.port], 'prefix.conf'));
  const site = nginx.url;
  expect(server.output()).toContain(`Madang is open at http://localhost:${server.port}/chat/`);

  // The page can be opened with or without the trailing slash.
  expect((await fetch(`${site}/chat`)).url).toBe(`${site}/chat/`);
  expect((await fetch(`http://localhost:${server.port}/chat`)).url).toBe(`http://localhost:${server.port}/chat/`);
  expect((await fetch(`${site}/chat/readyz`)).status).toBe(200);
  const started = await fetch(`${site}/chat/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: site },
    body: '{"name":"behind"}',
  });
  expect(started.headers.get('set-cookie')).toMatch(/; Path=\/chat(\/)?;/);
  const { token } = (await started.json()) as { token: string };
  const documents = (await (await fetch(`${site}/chat/api/openapi.json`)).json()) as { servers: { url: string }[] };
  expect(documents.servers[0]?.url).toBe('/chat/api');

  const browser = await startBrowser();
  open.use({ [Symbol.asyncDispose]: () => browser.close() });
  const { page, problems } = open.use(await enter(browser, `${site}/chat/`, 'visitor', { language: 'en' }));
  const socket = io(site, { path: '/chat/socket.io/', auth: { token }, forceNew: true });
  open.use({ [Symbol.asyncDispose]: () => Promise.resolve(void socket.close()) });
  const client = createClient({ url: `${site}/chat`, name: 'sdk' });
  open.use({ [Symbol.asyncDispose]: () => client.close() });
  client.connect();
  await Promise.all([
    client.send('lobby', 'by the SDK').sent,
    socket.emitWithAck('message.send', { room: 'lobby', text: 'by Socket.IO' }),
    answered(
      `${site}/chat/ws`,
      '{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"room":"lobby","text":"by JSON-RPC"}}',
      token,
    ),
    answered(`${site}/chat/`, 'by line', token),
    say(page, 'by the page'),
  ]);
  for (const text of ['by the SDK', 'by Socket.IO', 'by JSON-RPC', 'by line', 'by the page']) {
    await messageOf(page, text).waitFor();
  }
  // A visitor who comes back is still signed in.
  await page.reload();
  await messageOf(page, 'by the page').waitFor();
  expect(problems).toEqual([]);
});

/** Sends a text over a plain WebSocket, and resolves to the message that comes back for it. */
async function answered(url: string, text: string, token: string): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { authorization: `Bearer ${token}` } });
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => socket.send(text));
      socket.on('message', (data: Buffer) => {
        if (/by line|"id":1/.test(data.toString())) resolve(data.toString());
      });
    });
  } finally {
    socket.close();
  }
}
