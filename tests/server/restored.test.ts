import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { say } from '../support/chat.ts';
import { call } from '../support/transport-client.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

// Each test starts its server several times, which takes long on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

/** The epoch in a server's answers. */
async function epochOf(server: TestServer, guest: Guest): Promise<string> {
  await using client = await connectHttp(server.url, guest);
  return (await call(client, 'log.read', { room: 'lobby', after: 0, limit: 1 })).epoch;
}

async function sayTimes(server: TestServer, guest: Guest, times: number): Promise<number> {
  await using client = await connectHttp(server.url, guest);
  let seq = 0;
  for (let index = 0; index < times; index += 1) seq = await say(client, `message ${index}`);
  return seq;
}

/** The first match in what a stream sends. */
async function readUntil(stream: Response, pattern: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const match = pattern.exec(text);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error(`The stream ended: ${text}`);
}

/** The id of a stream's newest event, to resume from. */
async function streamId(server: TestServer, guest: Guest): Promise<string> {
  const stream = await fetch(`${server.url}/api/events`, { headers: { authorization: `Bearer ${guest.token}` } });
  await sayTimes(server, guest, 1);
  return readUntil(stream, /event: message\.created[^]*?\nid: (\S+)\n/);
}

test('D4 after kill -9 a server keeps its epoch; on a restored copy it begins a new one, and clients are told', async () => {
  using folder = tempFolder();
  const copied = join(folder.path, 'copied.db');
  await using server = await startServer({ flags: ['--limits', 'off'] });
  const guest = await startGuest(server.url, 'Ari');
  await sayTimes(server, guest, 3);
  const epoch = await epochOf(server, guest);
  expect(await server.stop()).toBe(0);
  copyFileSync(join(server.data, 'madang.db'), copied);
  await server.start();
  const cursor = await sayTimes(server, guest, 3);
  const id = await streamId(server, guest);
  await server.kill();
  await server.start();
  expect(await epochOf(server, guest)).toBe(epoch);
  expect(server.output()).not.toContain('new epoch');
  await server.kill();

  for (const end of ['-wal', '-shm']) rmSync(join(server.data, `madang.db${end}`), { force: true });
  copyFileSync(copied, join(server.data, 'madang.db'));
  await server.start();
  expect(await epochOf(server, guest)).not.toBe(epoch);
  expect(server.output()).toMatch(/"reason":"[^"]+","msg":"[^"]*a new epoch begins/);
  // Others send as many messages again before the client that had received more comes back.
  await sayTimes(server, guest, 9);
  await using client = await connectHttp(server.url, guest);
  const answer = await call(client, 'sync', { cursors: { lobby: cursor }, epoch });
  expect(answer.rooms['lobby']).toMatchObject({ reset: true, events: [] });
  const stream = await fetch(`${server.url}/api/events`, {
    headers: { authorization: `Bearer ${guest.token}`, 'last-event-id': id },
  });
  expect(await readUntil(stream, /event: (\S+)/)).toBe('room.behind');
});

test('D4 copies of a running server’s files, put back a moment later, do not count as a continuation', async () => {
  using folder = tempFolder();
  const copied = join(folder.path, 'copied');
  await using server = await startServer({ flags: ['--limits', 'off'] });
  const guest = await startGuest(server.url, 'Ari');
  await sayTimes(server, guest, 3);
  const epoch = await epochOf(server, guest);
  cpSync(server.data, copied, { recursive: true });
  const cursor = await sayTimes(server, guest, 3);
  expect(await server.stop()).toBe(0);
  // As `cp` does it: the same files, with the content of the copy.
  for (const name of readdirSync(copied)) writeFileSync(join(server.data, name), readFileSync(join(copied, name)));
  await server.start();
  expect(await epochOf(server, guest)).not.toBe(epoch);
  expect(server.output()).toMatch(/"reason":"[^"]+","msg":"[^"]*a new epoch begins/);

  // A client that is ahead within the same history is worth one line, from whichever transport it comes.
  await using client = await connectHttp(server.url, guest);
  const now = await epochOf(server, guest);
  expect(server.output()).not.toContain('a client is ahead');
  for (const ahead of [cursor + 1000, cursor + 2000]) {
    const { rooms } = await call(client, 'sync', { cursors: { lobby: ahead }, epoch: now });
    expect(rooms['lobby']).toMatchObject({ reset: true });
  }
  const warnings = server.output().match(/\{[^\n]*a client is ahead of a room[^\n]*\}/g) ?? [];
  expect(warnings).toHaveLength(1);
  expect(JSON.parse(warnings[0] as string)).toMatchObject({ room: 'lobby', cursor: cursor + 1000 });
  expect(warnings[0]).toContain('madang new-epoch');
});
