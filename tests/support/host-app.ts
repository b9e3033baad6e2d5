import express from 'express';
import { createMadang } from 'madang';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tempFolder } from './temp-folder.ts';

/** An app with Madang at /chat. It knows its one user by its own cookie, `app=minsu`. */
export interface HostApp extends AsyncDisposable {
  url: string;
}

/** Starts the app. It also serves a page of its own at /account/page. */
export async function startHostApp(): Promise<HostApp> {
  const folder = tempFolder();
  const app = express();
  const server = createServer(app);
  const chat = await createMadang({
    path: '/chat',
    data: folder.path,
    logLevel: 'warn',
    authenticate: ({ headers }) => (headers.cookie?.includes('app=minsu') ? { id: 'minsu', name: 'Minsu' } : null),
  });
  app.use('/chat', chat.router);
  app.get('/account/page', (_request, response) => void response.type('html').send('<title>A page of the app</title>'));
  chat.attach(server);
  server.listen(0);
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      await chat.close();
      server.closeAllConnections();
      server.close();
      folder[Symbol.dispose]();
    },
  };
}
