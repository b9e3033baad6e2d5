import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { outcome } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Ways in which a running server's database is taken away, and how each is undone if it can be. */
const ways: Record<
  string,
  { take: (data: string, spare: string) => void; undo?: (data: string, spare: string) => void }
> = {
  'its folder is moved': {
    take: (data, spare) => renameSync(data, join(spare, 'data')),
    undo: (data, spare) => renameSync(join(spare, 'data'), data),
  },
  'its folder is moved, and an empty one takes its place': {
    take: (data, spare) => {
      renameSync(data, join(spare, 'data'));
      mkdirSync(data);
    },
    undo: (data, spare) => {
      rmSync(data, { recursive: true });
      renameSync(join(spare, 'data'), data);
    },
  },
  'its file is replaced': {
    take: (data, spare) => {
      renameSync(join(data, 'madang.db'), join(spare, 'madang.db'));
      copyFileSync(join(spare, 'madang.db'), join(data, 'madang.db'));
    },
    undo: (data, spare) => renameSync(join(spare, 'madang.db'), join(data, 'madang.db')),
  },
  'its WAL is moved': {
    take: (data, spare) => renameSync(join(data, 'madang.db-wal'), join(spare, 'wal')),
    undo: (data, spare) => renameSync(join(spare, 'wal'), join(data, 'madang.db-wal')),
  },
  'its WAL is cut': { take: (data) => truncateSync(join(data, 'madang.db-wal'), 0) },
};

test('D6 a database that is taken away while a server runs: nothing is acknowledged, /readyz and the log report it, and the server continues when it is back', async () => {
  using folder = tempFolder();
  const data = join(folder.path, 'data');
  await using server = await startServer({ data, flags: ['--limits', 'off'] });
  const guest = await startGuest(server.url, 'Ari');
  await using client = await connectHttp(server.url, guest);
  const ready = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`${server.url}/readyz`);
    return { code: response.status, ...((await response.json()) as { status: string; reason?: string }) };
  };
  const send = (text: string) => outcome(client, 'message.send', { room: 'lobby', text, clientId: randomUUID() });
  for (const [way, { take, undo }] of Object.entries(ways)) {
    using spare = tempFolder();
    const stream = await fetch(`${server.url}/api/events`, { headers: { authorization: `Bearer ${guest.token}` } });
    expect(await send(`before: ${way}`)).toBe('ok');
    const told = server.output().length;
    take(data, spare.path);
    // At once, before the regular check could notice.
    for (const round of [1, 2, 3]) expect(await send(`lost ${round}: ${way}`), way).toBe('unavailable');
    await vi.waitFor(async () => expect(await ready()).toMatchObject({ code: 503, status: 'unavailable' }), 2000);
    expect((await ready()).reason).toContain('taken away');
    if (!undo) break;
    undo(data, spare.path);
    await vi.waitFor(async () => expect(await send(`after: ${way}`), way).toBe('ok'), 5000);
    await vi.waitFor(async () => expect(await ready(), way).toMatchObject({ code: 200, status: 'ready' }), 8000);
    // What a commit wrote while the files were away is in them now, and nobody was told: all clients reconnect and
    // read.
    expect(await stream.text(), way).toContain('event: server.closing');
    expect(
      server
        .output()
        .slice(told)
        .match(/"kind":"taken-away"/g)?.length ?? 0,
      way,
    ).toBeLessThanOrEqual(1);
  }
  expect(server.output()).toMatch(/"kind":"taken-away".*Put it back, or restart/);
});

test('D6 a database that is removed while nobody writes is noticed', async () => {
  using folder = tempFolder();
  const data = join(folder.path, 'data');
  await using server = await startServer({ data });
  rmSync(data, { recursive: true });
  await vi.waitFor(() => expect(server.output()).toContain('"kind":"taken-away"'), { timeout: 3000, interval: 50 });
  const answer = await fetch(`${server.url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ status: 'unavailable', store: 'down' });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
});
