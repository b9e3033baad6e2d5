import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createMadang, StartError } from 'madang';
import { beforeAll, expect, test } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { type CliRun, openCli, runCli } from '../support/run-cli.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { startServer } from '../support/start-server.ts';

/** Each is refused with one plain sentence that says what is wrong, with exit code 1 and no stack trace. */
function expectRefused(run: CliRun, words: RegExp): void {
  expect(run.stderr).toMatch(/^madang: [^\n]+\.\n$/);
  expect(run.stderr).toMatch(words);
  expect(run.code).toBe(1);
  expect(`${run.stdout}${run.stderr}`).not.toMatch(/\n\s+at |node:internal|SqliteError/);
}

/** The same for a workspace in a host app, which starts the same way: starting the program takes a second each time. */
async function expectNoWorkspace(data: string, words: RegExp): Promise<void> {
  const opened = createMadang({ data, logLevel: 'silent' });
  await expect(opened).rejects.toBeInstanceOf(StartError);
  await expect(opened).rejects.toThrow(words);
  await expect(opened).rejects.toThrow(/^[^\n]+\.$/);
}

/** A data folder that a server has used, with some messages. */
async function makeUsedFolder(): Promise<TempFolder & { file: string }> {
  const folder = tempFolder();
  await using server = await startServer({ data: folder.path, flags: ['--limits', 'off'] });
  const { token } = await startGuest(server.url, 'writer');
  for (let index = 0; index < 30; index += 1) {
    await fetch(`${server.url}/api/rooms/lobby/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ text: `message ${index} `.repeat(200) }),
    });
  }
  expect(await server.stop()).toBe(0);
  const file = join(folder.path, 'madang.db');
  const database = new Database(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return { ...folder, file };
}

let used: TempFolder & { file: string };
beforeAll(async () => {
  used = await makeUsedFolder();
  return () => used[Symbol.dispose]();
});

/** A copy of it. */
function usedFolder(): TempFolder & { file: string } {
  const folder = tempFolder();
  cpSync(used.path, folder.path, { recursive: true });
  return { ...folder, file: join(folder.path, 'madang.db') };
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

test('a port that is taken', async () => {
  using folder = tempFolder();
  const other = createServer().listen(0);
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const args = ['--data', folder.path, '--port', String(port)];
  expectRefused(await runCli(args), new RegExp(`[Pp]ort ${port} .*--port`));
  other.close();
  // It has released its database.
  await using server = await openCli(args);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('a data folder below a file, in a place where nothing can be written, or that is a file', async () => {
  using folder = tempFolder();
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const words = (data: string) => new RegExp(`${data}.*--data`);
  for (const data of [file, join(file, 'data'), join(file, 'a', 'b'), '/proc/madang', '/proc/1/madang'])
    await expectNoWorkspace(data, words(data));
  expectRefused(await runCli(['--data', file, '--port', '0']), words(file));
});

test('a database that another server has open; that server continues', async () => {
  await using server = await startServer();
  expectRefused(await runCli(['--data', server.data, '--port', '0']), /in use.*--data/);
  await startGuest(server.url, 'still here');
  await server.kill();
  // A killed server leaves no lock behind.
  await server.start();
  await startGuest(server.url, 'here again');
});

test('a database that another program has locked', async () => {
  using folder = usedFolder();
  const other = new Database(folder.file);
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE');
  expectRefused(await runCli(['--data', folder.path, '--port', '0']), /lock/i);
  other.exec('ROLLBACK');
  other.close();
});

test('a damaged database file is refused, and not damaged further', async () => {
  using folder = usedFolder();
  const whole = readFileSync(folder.file);
  const damages: Record<string, () => void> = {
    'no database': () =>
      writeFileSync(folder.file, 'this is no database, though it is long enough to be looked at. '.repeat(100)),
    'its header': () => overwrite(folder.file, 0, 100),
    'cut in the middle': () => truncateSync(folder.file, Math.floor(whole.length / 2 / 4096) * 4096),
    'pages of it': () => overwrite(folder.file, 4096, whole.length - 4096),
  };
  for (const [what, damage] of Object.entries(damages)) {
    writeFileSync(folder.file, whole);
    damage();
    const before = hashOf(folder.file);
    await expectNoWorkspace(folder.path, /damaged/);
    expect(hashOf(folder.file), what).toBe(before);
  }
  const before = hashOf(folder.file);
  expectRefused(await runCli(['--data', folder.path, '--port', '0']), /damaged/);
  expect(hashOf(folder.file)).toBe(before);
  writeFileSync(folder.file, whole);
  await using server = await openCli(['--data', folder.path, '--port', '0']);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

function overwrite(file: string, from: number, length: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(length, 0xa5), 0, length, from);
  closeSync(descriptor);
}

test('a database that is a folder', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, 'madang.db'));
  await expectNoWorkspace(folder.path, /madang|--data/);
});

test('S a database of a newer version is refused and left as it is', async () => {
  using folder = usedFolder();
  const database = new Database(folder.file);
  database
    .prepare('INSERT INTO kysely_migration (name, timestamp) VALUES (?, ?)')
    .run('9999-of-the-future', new Date().toISOString());
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  const before = hashOf(folder.file);
  const { size } = statSync(folder.file);
  expectRefused(await runCli(['--data', folder.path, '--port', '0']), /newer.*9999-of-the-future/);
  expect(hashOf(folder.file)).toBe(before);
  expect(statSync(folder.file).size).toBe(size);
  // Nothing of it is left in its WAL either.
  for (const name of readdirSync(folder.path)) {
    if (name.endsWith('-wal')) expect(statSync(join(folder.path, name)).size).toBe(0);
  }
});

test('an empty database file, or a folder that does not exist yet, is a fresh start', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'madang.db'), '');
  const open = async (data: string) => {
    await using server = await openCli(['--data', data, '--port', '0']);
    await startGuest(server.url, 'first');
  };
  await Promise.all([open(folder.path), open(join(folder.path, 'deep', 'below'))]);
});
