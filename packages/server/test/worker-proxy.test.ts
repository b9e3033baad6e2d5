import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WorkerProxy } from '../dist/cli/worker-proxy.js';
import { Addresses } from '../dist/transports/client-address.js';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** A worker, next to another one that answers a request as it is told. */
async function besideOneThat(answers: (socket: Socket) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'madang-'));
  const other = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answers(socket));
  }).listen(join(folder, '2.sock'));
  await once(other, 'listening');
  const workerProxy = new WorkerProxy({ number: 1, folder }, new Addresses([]));
  const worker: Server = createServer((asked, answer) => void workerProxy.request(asked, answer)).listen(
    0,
    '127.0.0.1',
  );
  await once(worker, 'listening');
  ends.push(() => {
    worker.closeAllConnections();
    worker.close();
    other.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return `http://127.0.0.1:${(worker.address() as AddressInfo).port}/socket.io/?EIO=4&transport=polling&sid=w2-x`;
}

/** The outcome of a request: status and text, or that the answer was cut off. */
async function outcome(url: string): Promise<string> {
  const asked = request(url).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve) => {
    answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
    answer.on('error', () => resolve(`${answer.statusCode} ${text} and no more`));
  });
}

test('an answer that is cut off at another worker is cut off for the client, with nothing added', async () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
  const url = await besideOneThat((socket) => {
    socket.write(`${head}begun`);
    setTimeout(() => socket.destroy(), 100);
  });
  expect(await outcome(url)).toBe('200 begun and no more');
});

test('a worker that goes away before it answers no longer has a session', async () => {
  expect(await outcome(await besideOneThat((socket) => socket.destroy()))).toBe(
    '400 {"code":1,"message":"Session ID unknown"}',
  );
});

test('headers of the connection between workers do not reach the client', async () => {
  const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\nX-Other: kept\r\nContent-Length: 2\r\n\r\n';
  const url = await besideOneThat((socket) => socket.end(`${head}ok`));
  const [answer] = (await once(request(url).end(), 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.headers).toMatchObject({ 'x-other': 'kept', connection: 'keep-alive' });
});
