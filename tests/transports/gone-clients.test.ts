import express from 'express';
import { createMadang, type Madang } from 'madang';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { call } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { Disposables } from '../support/disposables.ts';
import { isLong } from '../support/long.ts';
import { startNetwork } from '../support/network.ts';
import { startPostgres } from '../support/postgres.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** How many connections one address may have here, and how long the app takes to authenticate a request. */
const PLACES = 20;
const SLOW_MS = 150;

/** When a client leaves: before it is authenticated, at that moment, while it is let in, and afterwards. */
const stages = [0, SLOW_MS / 2, SLOW_MS - 1, SLOW_MS, SLOW_MS + 2, SLOW_MS + 20, SLOW_MS * 2];

const websocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];
/** `40` in one masked frame: opens Socket.IO's namespace with the handshake's session. */
const OPEN_NAMESPACE = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** What a client that comes and goes sends. */
const clients: Record<string, (user: string) => (string | Buffer)[]> = {
  'an event stream': (user) => [get('/chat/api/events', user)],
  'an event stream of one room': (user) => [get('/chat/api/events?room=lobby', user)],
  'an event stream behind another': (user) => [
    get('/chat/api/events', `other-of-${user}`) + get('/chat/api/events', user),
  ],
  '/ws': (user) => [get('/chat/ws', user, websocket)],
  'Socket.IO': (user) => [get('/chat/socket.io/?EIO=4&transport=websocket', user, websocket), OPEN_NAMESPACE],
};

function get(path: string, user: string, more: string[] = []): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${user}`, ...more, '', ''].join('\r\n');
}

interface Workspace extends AsyncDisposable {
  url: string;
  port: number;
  madang: Madang;
}

async function openWorkspace(database: string | undefined, data: string): Promise<Workspace> {
  const app = express();
  const server: Server = createServer(app);
  const madang = await createMadang({
    path: '/chat',
    data,
    ...(database !== undefined && { database }),
    logLevel: 'warn',
    maxConnectionsPerAddress: PLACES,
    authenticate: async ({ headers }) => {
      const user = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      if (user === undefined) return null;
      if (user !== 'watcher') await sleep(SLOW_MS);
      return { id: Buffer.from(user).toString('hex'), name: user };
    },
  });
  app.use('/chat', madang.router);
  madang.attach(server);
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/chat`,
    port,
    madang,
    [Symbol.asyncDispose]: async () => {
      await madang.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Connects, sends what it has to send, and leaves after a while. */
async function comeAndGo(port: number, says: (string | Buffer)[], afterMs: number): Promise<void> {
  const socket = connect(port, 'localhost');
  socket.on('error', () => undefined);
  socket.resume();
  for (const each of says) {
    socket.write(each);
    if (says.length > 1) await sleep(20);
  }
  await sleep(afterMs);
  socket.destroy();
}

/** Checks that only the watcher is still there, and that all other places can be taken. */
async function expectNothingLeft({ url }: Workspace): Promise<void> {
  const headers = { authorization: 'Bearer watcher' };
  await using watcher = await connectJsonRpc(url, undefined, headers);
  const present = async () => {
    const { members } = await call(watcher, 'member.list', { room: 'lobby', limit: 200 });
    return members.filter(({ presence }) => presence !== 'offline').map(({ user }) => user.name);
  };
  await expect.poll(present, { timeout: 15_000, interval: 200 }).toEqual(['watcher']);
  const taken: WebSocket[] = [];
  for (let index = 1; index < PLACES; index += 1) {
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
    await once(webSocket, 'open');
    taken.push(webSocket);
  }
  const oneTooMany = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
  await expect(once(oneTooMany, 'open')).rejects.toThrow('429');
  for (const webSocket of taken) {
    webSocket.terminate();
    await once(webSocket, 'close');
  }
}

describe.each(isLong ? ['SQLite', 'a slow PostgreSQL'] : ['a slow PostgreSQL'])(
  'nothing stays of a client that leaves before it is let in, on %s',
  (engine) => {
    let workspace: Workspace;
    const folder = tempFolder();
    const disposables = new Disposables();
    beforeAll(async () => {
      if (engine === 'SQLite') {
        workspace = disposables.use(await openWorkspace(undefined, folder.path));
        return;
      }
      const postgres = disposables.use(await startPostgres());
      const network = disposables.use(await startNetwork(postgres.port));
      const database = await postgres.newDatabase();
      workspace = disposables.use(
        await openWorkspace(database.replace(`:${postgres.port}/`, `:${network.port}/`), folder.path),
      );
      network.slow(40);
    }, 60_000);
    afterAll(async () => {
      await disposables[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    test('at every transport, whenever it leaves', async () => {
      for (const [index, afterMs] of stages.entries()) {
        const gone = Object.entries(clients).map(([name, says]) =>
          comeAndGo(workspace.port, says(`${name} ${index}`.replaceAll(/\W+/g, '-')), afterMs),
        );
        await Promise.all(gone);
      }
      await expectNothingLeft(workspace);
    }, 60_000);
  },
);
