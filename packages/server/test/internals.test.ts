import { Server as EngineServer, type Socket as EngineSocket } from 'engine.io';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { installedVersions, Internals, type Versions } from '../dist/transports/internals.js';

/** A logger and the lines it was given. */
const warned: { shortcut: string; message: string }[] = [];
const logger = {
  warn: (fields: { shortcut: string }, message: string) => void warned.push({ ...fields, message }),
} as unknown as ConstructorParameters<typeof Internals>[0];
afterEach(() => void warned.splice(0));

function internals(versions: Partial<Versions> = {}): Internals {
  return new Internals(logger, { ...installedVersions(), ...versions });
}

/** A real object of each kind, as the server has them. */
let socket: Socket;
let webSocket: WebSocket;
let polling: EngineSocket;
let upgraded: EngineSocket;
const ends: (() => void)[] = [];

beforeAll(async () => {
  const http = createServer().listen(0, '127.0.0.1');
  const engine = new EngineServer({ wsEngine: WebSocketServer });
  const plain = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  http.on('request', (request, response) => engine.handleRequest(request, response));
  http.on('upgrade', (request, upgradedSocket, head) => {
    if (request.url !== '/plain') return engine.handleUpgrade(request, upgradedSocket, head);
    socket = upgradedSocket as Socket;
    plain.handleUpgrade(request, upgradedSocket, head, (opened) => (webSocket = opened));
  });
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const opened = (): Promise<EngineSocket> =>
    new Promise((resolve) => engine.once('connection', (client) => resolve(client as EngineSocket)));
  const openWebSocket = async (path: string): Promise<void> => {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    ends.push(() => client.terminate());
    await once(client, 'open');
  };
  await openWebSocket('/plain');
  const ofPolling = opened();
  await fetch(`http://127.0.0.1:${port}/engine.io/?EIO=4&transport=polling`);
  polling = await ofPolling;
  const ofUpgraded = opened();
  await openWebSocket('/engine.io/?EIO=4&transport=websocket');
  upgraded = await ofUpgraded;
  ends.push(
    () => engine.close(),
    () => http.closeAllConnections(),
    () => http.close(),
  );
});
afterAll(() => ends.forEach((end) => end()));

/** Each shortcut: how it is taken, and which libraries it needs. */
const shortcuts: Record<string, { take: (of: Internals) => unknown; libraries: (keyof Versions)[] }> = {
  socket: { take: (of) => of.socket(socket), libraries: ['node'] },
  receiver: { take: (of) => of.receiver(webSocket), libraries: ['ws'] },
  inflater: { take: (of) => of.inflater(webSocket), libraries: ['ws'] },
  polling: { take: (of) => of.polling(polling), libraries: ['engine.io'] },
  frames: { take: (of) => of.frames(upgraded), libraries: ['engine.io', 'ws'] },
};

describe.each(Object.entries(shortcuts))('the shortcut %s', (name, { take, libraries }) => {
  test('is taken with the installed versions', () => {
    expect(take(internals())).toBeDefined();
    expect(warned).toEqual([]);
  });

  test.each(libraries)('is not taken with another version of %s, and the log says so once', (library) => {
    const of = internals({ [library]: '99.1.2' });
    expect([take(of), take(of)]).toEqual([undefined, undefined]);
    expect(warned).toEqual([{ shortcut: name, message: expect.stringContaining(`${library} 99.1.2`) as string }]);
  });

  test.each(libraries)('is not taken if %s does not state its version', (library) => {
    expect(take(internals({ [library]: 'unknown' }))).toBeUndefined();
    expect(warned).toHaveLength(1);
  });
});

/** An object that looks like another from outside, with fields of its own. */
function like<Of extends object>(of: Of, fields: object): Of {
  return Object.create(of, Object.getOwnPropertyDescriptors(fields)) as Of;
}

test.each<[string, string, (of: Internals) => unknown]>([
  [
    'a handle without writeBuffer',
    'socket',
    (of) => of.socket(Object.assign(new Socket(), { _handle: { writeQueueSize: 0 } })),
  ],
  [
    'a stream without its state',
    'socket',
    (of) => of.socket(Object.assign(new Socket(), { _handle: (socket as never)['_handle'], _writableState: {} })),
  ],
  ['a WebSocket without a receiver', 'receiver', (of) => of.receiver(like(webSocket, { _receiver: undefined }))],
  ['a receiver without its bound', 'receiver', (of) => of.receiver(like(webSocket, { _receiver: {} }))],
  [
    'an extension that inflates in another way',
    'inflater',
    (of) => of.inflater(like(webSocket, { _extensions: { 'permessage-deflate': { decompress() {}, cleanup() {} } } })),
  ],
  ['extensions under another name', 'inflater', (of) => of.inflater(like(webSocket, { _extensions: {} }))],
  [
    'a polling transport without a parser',
    'polling',
    (of) => of.polling(like(polling, { transport: { name: 'polling', maxHttpBufferSize: 1 } })),
  ],
  [
    'a transport without a WebSocket',
    'frames',
    (of) => of.frames(like(upgraded, { transport: { name: 'websocket' } })),
  ],
  ['a client without a queue', 'frames', (of) => of.frames(like(upgraded, { writeBuffer: undefined }))],
])('%s is not used, and the log says so', (_what, name, take) => {
  const of = internals();
  expect([take(of), take(of)]).toEqual([undefined, undefined]);
  expect(warned.map(({ shortcut }) => shortcut)).toEqual([name]);
});

test('something closed has no internals, and that is no reason to warn', async () => {
  const closed = connect((socket.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  closed.destroy();
  await once(closed, 'close');
  expect(internals().socket(closed)).toBeUndefined();
  expect(internals().frames(polling)).toBeUndefined();
  expect(internals().polling(upgraded)).toBeUndefined();
  expect(warned).toEqual([]);
});
