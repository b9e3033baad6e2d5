import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startRestGuest } from '../support/rest-guest.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** How many pages a greedy client asks for: together far more than may wait, and than sockets can hold. */
const ASKS = 160;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
  const filler = await startRestGuest(server.url, 'filler');
  await filler.sayAll(Array.from({ length: 50 }, () => 'x'.repeat(8000)));
});
afterAll(() => server[Symbol.asyncDispose]());

const input = '{"room":"lobby","limit":50}';

const wires = {
  '/ws': {
    path: '/ws',
    hello: (name: string) => `{"jsonrpc":"2.0","id":0,"method":"session.start","params":{"name":"${name}"}}`,
    isIn: (text: string) => text.includes('"id":0'),
    ask: (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"message.list","params":${input}}`,
    isAnswer: (text: string) => text.includes('"messages"'),
  },
  'Socket.IO': {
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: (name: string) => `40{"name":"${name}"}`,
    isIn: (text: string) => text.includes('session.started'),
    ask: (id: number) => `42${id}["message.list",${input}]`,
    isAnswer: (text: string) => text.startsWith('43'),
  },
};

test.each(Object.entries(wires))(
  'D5 B7 a client at %s that asks but does not read is disconnected; others continue',
  async (transport, wire) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}${wire.path}`);
    let answers = 0;
    const isIn = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (wire.isIn(text)) resolve();
        if (wire.isAnswer(text)) answers += 1;
      });
    });
    await once(socket, 'open');
    socket.send(wire.hello(`greedy ${transport.replace('/', '')}`));
    await isIn;
    const closed = once(socket, 'close');
    socket.pause();
    for (let id = 1; id <= ASKS; id += 1) socket.send(wire.ask(id));
    const other = await startRestGuest(server.url, `other ${transport.replace('/', '')}`);
    await other.say('still here');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    socket.resume();
    await closed;
    expect(answers).toBeLessThan(ASKS);
  },
);

describe('with a large buffer for one client', () => {
  let roomy: TestServer;
  beforeAll(async () => {
    const flags = [
      '--limits',
      'off',
      '--answer-buffer-bytes',
      String(2 ** 28),
      '--max-buffered-bytes',
      String(2 ** 25),
    ];
    roomy = await startServer({ flags });
    const filler = await startRestGuest(roomy.url, 'filler');
    await filler.sayAll(Array.from({ length: 50 }, () => 'x'.repeat(8000)));
  });
  afterAll(() => roomy[Symbol.asyncDispose]());

  /** A socket that stops reading, and how much it had received when it was closed. */
  const openSocket = async (path: string) => {
    const socket = new WebSocket(`${roomy.url.replace('http', 'ws')}${path}`);
    let got = 0;
    socket.on('message', () => (got += 1));
    // It may be disconnected without a word.
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return { socket, got: () => got };
  };

  test('B18 a client without a session that asks but does not read is soon disconnected', async () => {
    const { socket, got } = await openSocket('/ws');
    const closed = once(socket, 'close');
    socket.pause();
    // Each is answered with a hundred refusals.
    const frames = 600;
    for (let sent = 0; sent < frames; sent += 1) socket.send(`[${Array.from({ length: 100 }, () => 1).join(',')}]`);
    // A busy machine takes seconds to answer all of them.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    socket.resume();
    await closed;
    expect(got()).toBeLessThan(frames);
  });

  const come = async () => (await fetch(`${roomy.url}/socket.io/?EIO=4&transport=polling`)).status;

  /** Asks for much and does not read it, until it is disconnected. Returns whether a newcomer has been refused meanwhile. */
  async function askForMuch(name: string): Promise<boolean> {
    const { socket, got } = await openSocket('/ws');
    const isIn = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => wires['/ws'].isIn(data.toString()) && resolve());
    });
    socket.send(wires['/ws'].hello(name));
    await isIn;
    const closed = once(socket, 'close');
    socket.pause();
    for (let id = 1; id <= ASKS; id += 1) socket.send(wires['/ws'].ask(id));
    let isRefused = false;
    const until = performance.now() + 6000;
    const watch = async (): Promise<void> => {
      while (!isRefused && performance.now() < until) {
        if ((await come()) === 503) isRefused = true;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    // Several at once, so that some arrive in the moment that counts, however long each takes on a busy machine.
    await Promise.all(Array.from({ length: 8 }, watch));
    await expect.poll(come).toBe(200);
    socket.resume();
    await closed;
    expect(got()).toBeLessThan(ASKS);
    return isRefused;
  }

  test('B17 output waiting for all clients is bounded: the slowest are disconnected, new ones must wait', async () => {
    // Newcomers wait for a quarter of a second only, which a busy machine may miss.
    let isRefused = false;
    for (let tries = 1; tries <= 6 && !isRefused; tries += 1) isRefused = await askForMuch(`greedy of all ${tries}`);
    expect(isRefused).toBe(true);
    const other = await startRestGuest(roomy.url, 'goes on');
    await other.say('still here');
  }, 90_000);
});
