import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { receives, say } from '../support/chat.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

// Each test starts several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000, maxConcurrency: 2 });

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(() => Promise.all([postgres[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]));

const cli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

function refusal(flags: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, [cli, '--port', '0', ...flags], { encoding: 'utf8' });
  expect(status).toBe(1);
  return stderr;
}

async function printed(server: TestServer, words: RegExp): Promise<void> {
  for (let attempt = 0; !words.test(server.output()); attempt += 1) {
    if (attempt > 1000) throw new Error(server.output());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The workers' processes, in the order in which they were started. */
function workersOf(server: TestServer): number[] {
  const pid = server.pid();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(children).toHaveLength(2);
  return children;
}

test('several workers, or a bus without PostgreSQL, are refused in one sentence that shows no secret', () => {
  expect(refusal(['--workers', '2'])).toMatch(/^madang: --workers 2 needs --database .* SQLite .*\n$/);
  const told = refusal(['--bus', 'redis://:sekrit@127.0.0.1:1']);
  expect(told).toMatch(/^madang: A bus joins nodes .*\n$/);
  expect(refusal(['--bus', 'http://:sekrit@127.0.0.1:1']) + told).not.toContain('sekrit');
});

test.concurrent('workers of one port are nodes of one workspace; polling clients reach their own over any connection', async () => {
  const flags = ['--database', await postgres.newDatabase(), '--bus', redis.url, '--workers', '3', '--limits', 'off'];
  await using server = await startServer({ flags });
  const pollers = await Promise.all(
    [0, 1, 2, 3].map((each) => connectSocketIo(server.url, { name: `Poller ${each}` }, { transports: ['polling'] })),
  );
  const upgraders = await Promise.all(
    [0, 1, 2, 3].map((each) =>
      connectSocketIo(server.url, { name: `Upgrader ${each}` }, { transports: ['polling', 'websocket'] }),
    ),
  );
  const sockets = await Promise.all([0, 1, 2, 3].map((each) => connectJsonRpc(server.url, { name: `Socket ${each}` })));
  const clients = [...pollers, ...upgraders, ...sockets];
  await Promise.all(clients.map((client, index) => say(client, `from ${index}.`)));
  await Promise.all(clients.flatMap((client) => clients.map((_, index) => receives(client, `from ${index}.`))));
  for (const client of upgraders) expect(client.socket.io.engine.transport.name).toBe('websocket');
  const owners = new Set(pollers.map(({ socket }) => socket.io.engine.id?.split('-')[0]));
  process.stdout.write(`  4 pollers at workers ${[...owners].join(', ')}\n`);
  await Promise.all(clients.map((client) => client.close()));
  expect(await server.stop()).toBe(0);
});

test.concurrent('a removed folder of sockets is created again, wherever temporary files are; until then the workers are not ready', async () => {
  const flags = ['--database', await postgres.newDatabase(), '--bus', redis.url, '--workers', '2', '--limits', 'off'];
  const long = join('/tmp', 'x'.repeat(150));
  await using server = await startServer({ flags, env: { TMPDIR: long } });
  const folder = join(server.data, `workers-${server.pid()}`);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const sockets = () => readdirSync(folder).sort();
  expect(sockets()).toEqual(['1.sock', '2.sock']);
  const ready = async () => (await fetch(`${server.url}/readyz`)).status;
  rmSync(folder, { recursive: true });
  await vi.waitFor(() => expect(sockets()).toEqual(['1.sock', '2.sock']), 10_000);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const pollers = await Promise.all(
    [0, 1, 2, 3].map((each) => connectSocketIo(server.url, { name: `Poller ${each}` }, { transports: ['polling'] })),
  );
  await Promise.all(pollers.map((client, index) => say(client, `from ${index}.`)));
  await Promise.all(pollers.flatMap((client) => pollers.map((_, index) => receives(client, `from ${index}.`))));
  await Promise.all(pollers.map((client) => client.close()));

  // If it can't be created, they say so.
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const name of ['1.sock', '2.sock']) mkdirSync(join(folder, name, 'not empty'), { recursive: true });
  await vi.waitFor(async () => expect(await ready()).toBe(503), 10_000);
  rmSync(folder, { recursive: true });
  await vi.waitFor(async () => expect([await ready(), await ready()]).toEqual([200, 200]), 10_000);
  expect(server.output()).not.toMatch(/^\s+at /m);
  expect(await server.stop()).toBe(0);
  expect(readdirSync(server.data)).not.toContain(`workers-${server.pid()}`);
});

test.concurrent('a worker that crashes logs one line, and is replaced at growing intervals while it keeps crashing', async () => {
  using folder = tempFolder();
  const breaks = join(folder.path, 'breaks.mjs');
  writeFileSync(breaks, `process.on('SIGUSR2', () => { throw new Error('nobody expected this'); });`);
  const flags = ['--database', await postgres.newDatabase(), '--bus', redis.url, '--workers', '2'];
  await using server = await startServer({ flags, env: { NODE_OPTIONS: `--import ${breaks}` } });
  const lines = (words: string) =>
    server
      .output()
      .split('\n')
      .filter((line) => line.includes(words));
  // The server is open once its first worker is.
  await vi.waitFor(() => expect(lines('worker 2 is open')).toHaveLength(1), 30_000);
  for (const afterMs of [1000, 2000, 4000]) {
    const [told, open] = [lines('a worker ended').length, lines('worker 2 is open').length];
    process.kill(workersOf(server).at(-1) as number, 'SIGUSR2');
    await vi.waitFor(() => expect(lines('a worker ended')).toHaveLength(told + 1), 10_000);
    expect(JSON.parse(lines('a worker ended').at(-1) as string)).toMatchObject({ worker: 2, code: 1, afterMs });
    const ended = performance.now();
    await vi.waitFor(() => expect(lines('worker 2 is open')).toHaveLength(open + 1), 30_000);
    expect(performance.now() - ended).toBeGreaterThan(afterMs - 100);
  }
  expect(lines('nobody expected this')).toHaveLength(3);
  for (const line of lines('nobody expected this')) expect(JSON.parse(line)).toMatchObject({ msg: 'worker 2 broke' });
  expect(server.output()).not.toMatch(/^\s+at /m);
  expect(await server.stop()).toBe(0);
});

test.concurrent('a killed worker is replaced, and the others keep serving', async () => {
  const flags = ['--database', await postgres.newDatabase(), '--bus', redis.url, '--workers', '2'];
  await using server = await startServer({ flags });
  const [first] = workersOf(server);
  process.kill(first as number, 'SIGKILL');
  // A connection that the system gives to a process just as it dies hangs until its client gives up.
  await printed(server, /a worker ended/);
  await using ari = await connectJsonRpc(server.url, { name: 'Ari' });
  await say(ari, 'still here');
  await printed(server, /worker 1 is open[\s\S]*worker 1 is open/);
  expect(await server.stop()).toBe(0);
});
