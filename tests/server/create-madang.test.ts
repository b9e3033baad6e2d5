import express from 'express';
import { createMadang, StartError } from 'madang';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('createMadang', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown option', { nosuch: 1 }, /"nosuch"/],
    ['a path without a slash', { path: 'chat' }, /"path"/],
    ['a path with a query', { path: '/chat?x' }, /"path"/],
    ['a bad number', { maxFrameBytes: 'x' }, /"maxFrameBytes"/],
    ['a frame that is too small', { maxFrameBytes: 1 }, /"maxFrameBytes".*at least/],
    ['a bad level', { logLevel: 'loud' }, /"logLevel"/],
    ['a bad proxy', { trustedProxies: ['nonsense'] }, /"trustedProxies"/],
    ['a folder below a file', { data: fileURLToPath(new URL('data', `${import.meta.url}/`)) }, /create-madang\.test/],
  ])('refuses %s with a StartError', async (_what, options, words) => {
    using folder = tempFolder();
    const started = createMadang({ data: folder.path, logLevel: 'silent', ...options });
    const error: unknown = await started.then(
      (madang) => madang.close(),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toMatch(words);
  });

  test('refuses a folder that another instance uses, even in the same process', async () => {
    using folder = tempFolder();
    const first = await createMadang({ data: folder.path, logLevel: 'silent' });
    const error: unknown = await createMadang({ data: folder.path, logLevel: 'silent' }).catch(
      (reason: unknown) => reason,
    );
    await first.close();
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toMatch(/in use/);
  });

  test('`guests: true` lets guests in alongside the app’s own users', async () => {
    using folder = tempFolder();
    const app = express();
    const host = createServer(app);
    const madang = await createMadang({
      path: '/chat',
      data: folder.path,
      logLevel: 'warn',
      guests: true,
      authenticate: () => null,
    });
    app.use('/chat', madang.router);
    host.listen(0);
    await once(host, 'listening');
    const { port } = host.address() as AddressInfo;
    const headers = { 'content-type': 'application/json' };
    const session = { method: 'POST', headers, body: JSON.stringify({ name: 'a guest' }) };
    const answer = await fetch(`http://localhost:${port}/chat/api/session`, session);
    expect(answer.status).toBe(201);
    await madang.close();
    host.closeAllConnections();
    host.close();
  });

  test('close may be called twice, leaves the host running, and frees the folder', async () => {
    using folder = tempFolder();
    const app = express();
    const host = createServer(app);
    const madang = await createMadang({ path: '/chat', data: folder.path, logLevel: 'silent', web: false });
    app.use('/chat', madang.router);
    app.get('/', (_request, response) => void response.send('still here'));
    madang.attach(host);
    host.listen(0);
    await once(host, 'listening');
    const at = `http://localhost:${(host.address() as AddressInfo).port}`;
    expect((await fetch(`${at}/chat/`)).status).toBe(404);
    const client = await connectJsonRpc(`${at}/chat`, { name: 'here' });
    await Promise.all([madang.close(), madang.close()]);
    await client.closed;
    expect(client.events.all.map(({ name }) => name)).toContain('server.closing');
    expect(await (await fetch(`${at}/`)).text()).toBe('still here');
    await (await createMadang({ data: folder.path, logLevel: 'silent' })).close();
    host.closeAllConnections();
    host.close();
    // Nothing of ours keeps a port open.
    const free = createTcpServer().listen(0);
    await once(free, 'listening');
    free.close();
  });
});
