import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'madang-express-'));
let app: ChildProcess;
let url = '';

beforeAll(async () => {
  app = spawn(process.execPath, ['--import', 'tsx', 'server.ts'], {
    cwd: folder,
    env: { ...process.env, PORT: '0', DATA: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  while (!output.includes('\n')) output += String((await once(app.stdout ?? app, 'data'))[0]);
  url = /http:\/\/localhost:\d+/.exec(output)?.[0] ?? '';
});

afterAll(async () => {
  app.kill('SIGTERM');
  if (app.exitCode === null) await once(app, 'exit');
  rmSync(data, { recursive: true, force: true });
});

async function signIn(name: string): Promise<string> {
  const response = await fetch(`${url}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ name }),
    redirect: 'manual',
  });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function connect(cookie: string): Promise<Socket> {
  const socket = io(url, {
    path: '/chat/socket.io/',
    forceNew: true,
    transports: ['websocket'],
    extraHeaders: { cookie, origin: url },
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('session.started', () => resolve());
    socket.on('connect_error', reject);
  });
  return socket;
}

test("the app's own routes keep working", async () => {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('An app with a chat');
});

test('the app’s users are the chat’s users, at the socket and over HTTP', async () => {
  const [minsu, dawn] = [await signIn('minsu'), await signIn('새벽별')];
  const socket = await connect(minsu);
  const heard = once(socket as never, 'message.created') as Promise<
    [{ actor: { name: string }; message: { text: string } }]
  >;
  const sent = await fetch(`${url}/chat/api/rooms/lobby/messages`, {
    method: 'POST',
    headers: { cookie: dawn, origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ text: '안녕하세요' }),
  });
  expect(sent.status).toBe(201);
  const [event] = await heard;
  expect(event.actor.name).toBe('새벽별');
  expect(event.message.text).toBe('안녕하세요');
  socket.close();
});

test('users who are not signed in to the app have no access, and guests are off', async () => {
  expect((await fetch(`${url}/chat/api/session`)).status).toBe(401);
  const guest = await fetch(`${url}/chat/api/session`, { method: 'POST', body: JSON.stringify({ name: 'guest' }) });
  expect(guest.status).toBe(403);
});

test('the web client is served below /chat', async () => {
  const response = await fetch(`${url}/chat/`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});
