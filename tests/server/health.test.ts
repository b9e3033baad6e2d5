import Database from 'better-sqlite3';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '../support/start-server.ts';

test('O2 hammering /readyz costs a commit now and then, not one per call', async () => {
  await using server = await startServer();
  const database = new Database(join(server.data, 'madang.db'), { readonly: true });
  // Changes whenever another connection has committed.
  const version = () => database.pragma('data_version', { simple: true });
  const start = performance.now();
  let commits = 0;
  for (let round = 0; round < 60; round += 1) {
    const before = version();
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(`${server.url}/readyz`)));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ status: 'ready', store: 'ok', bus: 'none' });
    }
    if (version() !== before) commits += 1;
  }
  database.close();
  const seconds = (performance.now() - start) / 1000;
  // The store is asked, but at most twice a second.
  expect(commits).toBeGreaterThanOrEqual(1);
  expect(commits).toBeLessThanOrEqual(1 + 2 * seconds);
});

test('D6 O2 while the disk is full /readyz says so, and the log in one line at a time; afterwards the server is ready again', async () => {
  await using server = await startServer();
  const ready = async () => (await fetch(`${server.url}/readyz`)).status;
  expect(await ready()).toBe(200);
  // For the server this is a full disk: no file may grow.
  const space = (bytes: string) => execFileSync('prlimit', ['--pid', String(server.pid()), `--fsize=${bytes}`]);
  space('0:unlimited');
  await expect.poll(ready).toBe(503);
  expect(new Set(await Promise.all(Array.from({ length: 50 }, ready)))).toEqual(new Set([503]));
  expect(server.output().match(/"kind":"(disk-full|io-error)"/g)).toHaveLength(1);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  // Every 503 says when to come back.
  const json = { 'content-type': 'application/json' };
  const refused = [
    await fetch(`${server.url}/readyz`),
    await fetch(`${server.url}/api/session`, { method: 'POST', headers: json, body: '{"name":"too full"}' }),
  ];
  for (const { status, headers } of refused) {
    expect([status, Number(headers.get('retry-after'))]).toEqual([503, expect.closeTo(3, -1)]);
  }
  space('unlimited:unlimited');
  await expect.poll(ready).toBe(200);
});
