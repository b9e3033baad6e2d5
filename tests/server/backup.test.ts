import Database from 'better-sqlite3';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { say } from '../support/chat.ts';
import { call } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { runCli } from '../support/run-cli.ts';
import { startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

vi.setConfig({ testTimeout: 120_000 });

const cli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

/** Makes a stopped server's database larger than 100 MB. */
function fill(data: string): void {
  const database = new Database(join(data, 'madang.db'));
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 55000)
    INSERT INTO messages (room_id, seq, author_id, author_name, text, at, client_id)
    SELECT 'filled', i, 'somebody', 'Somebody', hex(randomblob(1000)), 1, NULL FROM n`);
  database.close();
}

/** The modes of all files in a folder that anybody but their owner may use. */
function openFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0);
}

test('a backup of 100 MB completes while five messages a second are sent, is complete, private to its owner, and is restored as documented', async () => {
  using folder = tempFolder();
  const [data, file] = [join(folder.path, 'data'), join(folder.path, 'backups', 'madang.db')];
  await using server = await startServer({ data, flags: ['--limits', 'off'] });
  const guest = await startGuest(server.url, 'Ari');
  expect(await server.stop()).toBe(0);
  fill(data);
  expect(statSync(join(data, 'madang.db')).size).toBeGreaterThan(100 * 1024 * 1024);
  await server.start();
  await using client = await connectHttp(server.url, guest);
  const { epoch } = await call(client, 'log.read', { room: 'lobby', after: 0, limit: 1 });
  let said = 0;
  const sends: Promise<unknown>[] = [];
  const talking = setInterval(() => {
    sends.push(say(client, `message ${sends.length}`).then(() => (said += 1)));
  }, 100);
  await vi.waitFor(() => expect(said).toBeGreaterThan(3), 10_000);
  const before = said;
  const began = performance.now();
  const backup = spawn('sh', [
    '-c',
    `umask 000; exec "$0" "$@"`,
    process.execPath,
    cli,
    'backup',
    file,
    '--data',
    data,
  ]);
  let told = '';
  backup.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [code] = (await once(backup, 'close')) as [number];
  const seconds = (performance.now() - began) / 1000;
  const meanwhile = said - before;
  clearInterval(talking);
  await Promise.all(sends);
  expect(code, told).toBe(0);
  expect(seconds).toBeLessThan(60);
  expect(meanwhile / seconds).toBeGreaterThanOrEqual(5);
  expect(told).toMatch(/copying: \d+ %[^]*checking: 100 %[^]*Done: 550\d\d messages in 1 rooms .* checked/);
  expect(readdirSync(join(folder.path, 'backups'))).toEqual(['madang.db']);
  expect(openFiles(join(folder.path, 'backups'))).toEqual([]);
  const copy = new Database(file, { readonly: true });
  const kept = copy.prepare(`SELECT count(*) FROM messages WHERE room_id = 'lobby'`).pluck().get() as number;
  copy.close();
  expect(kept).toBeGreaterThanOrEqual(before - 1);
  expect(kept).toBeLessThanOrEqual(said);

  const again = await runCli(['backup', file, '--data', data]);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toMatch(/already exists.*--force/);
  expect((await runCli(['restore', file, '--data', data])).stderr).toContain('in use by another Madang');
  expect(await server.stop()).toBe(0);
  const restored = await runCli(['restore', file, '--data', data]);
  expect(restored, restored.stderr).toMatchObject({ code: 0 });
  expect(restored.stderr).toMatch(/is kept as .*madang\.db\.before-/);
  await server.start();
  const answer = await call(client, 'sync', { cursors: { lobby: 1 }, epoch });
  expect(answer.rooms['lobby']).toMatchObject({ reset: true });
  const { messages } = await call(client, 'message.list', { room: 'lobby', limit: 200 });
  expect(messages).toHaveLength(Math.min(kept, 200));
  expect(server.output()).toMatch(/it is a backup, made at/);
});

test('a backup that cannot work is refused with a sentence, and leaves nothing behind', async () => {
  using folder = tempFolder();
  const target = join(folder.path, 'backup.db');
  const foreign = join(folder.path, 'madang.db');
  new Database(foreign).exec('CREATE TABLE pigeons (name TEXT)').close();
  const [none, postgres, pigeons] = await Promise.all([
    runCli(['backup', target, '--data', join(folder.path, 'nothing')]),
    runCli(['backup', target, '--database', 'postgres://localhost/x']),
    runCli(['backup', target, '--data', folder.path]),
  ]);
  expect(none.stderr).toContain('There is no database');
  expect(postgres.stderr).toContain('pg_dump');
  expect(pigeons.stderr).toContain('is not a Madang database');
  writeFileSync(join(folder.path, 'text'), 'no database '.repeat(1000));
  const data = join(folder.path, 'data');
  const damaged = await runCli(['restore', join(folder.path, 'text'), '--data', data]);
  expect(damaged.stderr).toContain('damaged');
  const wholeFolder = await runCli(['restore', folder.path, '--data', data]);
  expect(wholeFolder.stderr).toContain('is a folder. Name the file');
  for (const run of [none, postgres, damaged, wholeFolder]) {
    expect(run.code).toBe(1);
    expect(run.stderr.split('\n').at(-2)).toMatch(/^madang: [^\n]+\.$/);
  }
  expect(readdirSync(folder.path).sort()).toEqual(['data', 'madang.db', 'text']);

  // Even with --force only a file that no server can have open is replaced.
  await using server = await startServer({ data });
  symlinkSync('/dev/null', join(folder.path, 'device'));
  const targets: [string, string][] = [
    [join(data, 'madang.db'), 'belongs to a data folder'],
    [join(data, 'madang.db-wal'), 'belongs to a data folder'],
    [folder.path, 'is a folder'],
    [join(folder.path, 'new/'), 'slash'],
    [join(folder.path, 'device'), 'not a regular file'],
    [join(folder.path, 'text', 'below'), "can't be written to"],
  ];
  const refusals = await Promise.all(targets.map(([to]) => runCli(['backup', to, '--force', '--data', data])));
  for (const [index, { code, stderr }] of refusals.entries()) {
    expect([code, stderr]).toEqual([1, expect.stringContaining(targets[index]![1])]);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^madang: [^\n]+\.$/);
  }
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect(readdirSync(folder.path).sort()).toEqual(['data', 'device', 'madang.db', 'text']);

  // A backup is restored from wherever it is, and stays there.
  expect(await server.stop()).toBe(0);
  const beside = join(data, 'madang.db.restored');
  expect(await runCli(['backup', beside, '--data', data])).toMatchObject({ code: 0 });
  expect(await runCli(['restore', beside, '--data', data])).toMatchObject({ code: 0 });
  expect(readdirSync(data)).toContain('madang.db.restored');
});

test.each(['022', '000'])('O2 with umask %s the folder and all files are private to their owner', async (umask) => {
  using folder = tempFolder();
  const data = join(folder.path, 'deep', 'data');
  const before = process.umask(Number.parseInt(umask, 8));
  try {
    await using server = await startServer({ data });
    await startGuest(server.url, 'Ari');
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder.path, 'deep')).mode & 0o777).toBe(0o700);
    expect(readdirSync(data)).toEqual(expect.arrayContaining(['madang.db', 'madang.db-wal', 'operator-token']));
    expect(openFiles(data)).toEqual([]);
    expect(server.output()).not.toContain('other users');
    expect(await server.stop()).toBe(0);
    for (const name of readdirSync(data)) if (name !== 'operator-token') chmodSync(join(data, name), 0o666);
    chmodSync(data, 0o755);
    await server.start();
    expect(openFiles(data)).toEqual([]);
    // A folder that existed before is its owner's business, but the log mentions it.
    expect(statSync(data).mode & 0o777).toBe(0o755);
    expect(server.output()).toMatch(/other users of this machine can look into/);
    expect(server.output()).toMatch(/"files":\[[^\]]*madang\.db"/);
    expect(readFileSync(join(data, 'operator-token'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
  } finally {
    process.umask(before);
  }
});
