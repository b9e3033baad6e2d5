import Database from 'better-sqlite3';
import express from 'express';
import { createMadang } from 'madang';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { breakServer } from '../contract/mutants/mutate.ts';
import { mutants } from '../contract/mutants/mutants.ts';
import { call } from '../support/transport-client.ts';
import { isLong } from '../support/long.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { freePort, startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { builtCli } from '../contract/run-built.ts';

/** The output of a run of `madang verify`. */
interface Run {
  code: number;
  out: string;
  err: string;
}

const run = promisify(execFile);

/** Runs `madang verify` until it ends. */
async function verify(args: string[], { cli = builtCli, env = {} } = {}): Promise<Run> {
  const options = { env: { ...process.env, LC_ALL: 'C', ...env }, timeout: 190_000 };
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, 'verify', ...args], options);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** The mark of each promise, in order. */
function marksOf({ out }: Run): string {
  return [...out.matchAll(/^([✓✗–]) (D\d) /gmu)].map(([, mark, id]) => `${id}${mark}`).join(' ');
}

const LIMIT_MS = 200_000;

describe.concurrent('madang verify', () => {
  test('D1–D6, D8: a server that it starts itself keeps its promises', { timeout: LIMIT_MS }, async () => {
    const done = await verify(['--seconds', '3', '--seed', '7'], { env: { LC_ALL: 'ko_KR.UTF-8' } });
    expect(done.err + done.out).toContain('시드 7');
    expect(marksOf(done), done.err + done.out).toBe('D1✓ D2✓ D3✓ D4✓ D5✓ D6✓ D7– D8✓');
    expect(done.out).toContain('어떤 약속에도 어긋나는 것이 없습니다');
    expect(done.code).toBe(0);
  });

  test(
    'a server that acknowledges before the commit, and drops one event in seventeen, breaks D1 and D2',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      using folder = tempFolder();
      const names = ['acknowledges before the commit', 'drops one event in seventeen'];
      const edits = mutants.filter(({ name }) => names.includes(name)).map((mutant) => mutant.edits);
      expect(edits).toHaveLength(2);
      const cli = breakServer(folder.path, edits.flat());
      const keep = join(folder.path, 'history.jsonl');
      const found = new Map<string, Run>();
      // Whether a kill falls between an acknowledgement and its commit is chance.
      for (let tries = 0; tries < 3 && found.size < 2; tries += 1) {
        const done = await verify(['--seconds', '3', '--keep', keep], { cli });
        for (const promise of ['D1', 'D2']) if (marksOf(done).includes(`${promise}✗`)) found.set(promise, done);
        const { code, out, err } = done;
        expect(out, err).toMatch(/^ {4}(at [\d.]+ s, )?\S+, [a-z0-9]+(\.\d+)?: /m);
        expect(out).toContain('A promise is broken');
        expect(code).toBe(1);
        expect(readFileSync(keep, 'utf8')).toContain('"type":"quiet"');
      }
      for (const promise of ['D1', 'D2']) expect(found.get(promise)?.out, promise).toContain(`✗ ${promise} `);
    },
  );

  test(
    'a running workspace with its own limits passes what can be checked, and nobody there is disturbed',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      await using server = await startServer();
      using folder = tempFolder();
      const { token } = await startGuest(server.url, 'resident');
      await using resident = await connectJsonRpc(server.url, { token });
      const { room } = await call(resident, 'room.create', { name: 'theirs' });
      const say = (text: string) =>
        Promise.all([room.id, 'lobby'].map((each) => call(resident, 'message.send', { room: each, text })));
      await say('their secret');
      const over = new AbortController();
      const talking = (async () => {
        for (; !over.signal.aborted; await new Promise((resolve) => setTimeout(resolve, 250)))
          await say('their secret');
      })();
      const keep = join(folder.path, 'history.jsonl');
      const done = await verify(['--url', server.url, '--seconds', '3', '--json', '--keep', keep]);
      over.abort();
      await talking;

      expect(done, done.err).toMatchObject({ code: 0 });
      const report = JSON.parse(done.out) as { outcome: string; promises: { id: string; outcome: string }[] };
      expect(report.outcome).toBe('kept');
      const outcomes = Object.fromEntries(report.promises.map(({ id, outcome }) => [id, outcome]));
      expect(outcomes).toMatchObject({
        D1: 'untested',
        D2: 'kept',
        D4: 'kept',
        D5: 'untested',
        D6: 'untested',
        D8: 'kept',
      });
      expect(readFileSync(keep, 'utf8')).not.toContain('their secret');

      for (const each of ['lobby', room.id]) {
        const { events } = await call(resident, 'log.read', { room: each, after: 0, limit: 200 });
        const strange = events.filter(({ actor }) => !JSON.stringify(actor).includes('resident'));
        const moves = each === 'lobby' ? ['member.joined', 'member.left', 'room.created'] : [];
        expect(strange.map(({ type }) => type).filter((type) => !moves.includes(type))).toEqual([]);
      }
      const { members } = await call(resident, 'member.list', { room: 'lobby' });
      expect(members.map(({ user }) => user.name)).toEqual(['resident']);
      const { rooms } = await call(resident, 'room.list', {});
      expect(rooms.map(({ name }) => name).sort()).toEqual(['lobby', 'theirs']);
    },
  );

  test.runIf(isLong)('behind TLS, under its own name and mount path', { timeout: LIMIT_MS }, async () => {
    using folder = tempFolder();
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const form = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
    execFileSync('openssl', [...form, ...subject], { stdio: 'ignore' });
    const port = await freePort();
    const hosts = new Set<string | undefined>();
    const app = express();
    const madang = await createMadang({ data: join(folder.path, 'data'), path: '/team/chat', logLevel: 'silent' });
    app.use('/team/chat', madang.router);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, app);
    for (const event of ['request', 'upgrade'] as const) {
      server.prependListener(event, (request: { headers: { host?: string } }) => hosts.add(request.headers.host));
    }
    madang.attach(server);
    await new Promise<void>((resolve) => server.listen(port, resolve));
    try {
      const args = ['--url', `https://localhost:${port}/team/chat/`, '--seconds', '3'];
      const refused = await verify(args);
      expect(refused).toMatchObject({ code: 2, out: '' });
      expect(refused.err).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
      const done = await verify(args, { env: { NODE_EXTRA_CA_CERTS: cert } });
      expect(done.code, done.err + done.out).toBe(0);
      expect(marksOf(done)).toContain('D2✓');
      expect([...hosts]).toEqual([`localhost:${port}`]);
    } finally {
      await madang.close();
      server.closeAllConnections();
      server.close();
    }
  });

  test.runIf(isLong)('a copy of a workspace in use: the original stays unchanged', { timeout: LIMIT_MS }, async () => {
    await using server = await startServer();
    using folder = tempFolder();
    const { token } = await startGuest(server.url, 'resident');
    await using resident = await connectJsonRpc(server.url, { token });
    await call(resident, 'message.send', { room: 'lobby', text: 'their secret' });
    const held = () => {
      const database = new Database(join(server.data, 'madang.db'), { readonly: true });
      const tables = ['users', 'rooms', 'events', 'sessions'];
      const counts = tables.map((table) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
      database.close();
      return counts;
    };
    const before = held();
    const keep = join(folder.path, 'history.jsonl');
    const done = await verify(['--data', server.data, '--seconds', '3', '--keep', keep]);
    expect(done.code, done.err + done.out).toBe(0);
    expect(marksOf(done)).toContain('D1✓');
    expect(held()).toEqual(before);
    expect(before.slice(0, 2)).toEqual([1, 1]);
    expect(readFileSync(keep, 'utf8')).not.toContain('their secret');
  });

  test.runIf(isLong)('where guests are off, it says so and accepts tokens', { timeout: LIMIT_MS }, async () => {
    using folder = tempFolder();
    const data = folder.path;
    const tokens: string[] = [];
    {
      await using open = await startServer({ data });
      for (const name of ['one', 'two', 'three']) tokens.push((await startGuest(open.url, name)).token);
    }
    await using closed = await startServer({ data, flags: ['--guests', 'off'] });
    const refused = await verify(['--url', closed.url, '--seconds', '3']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(/lets no guests in .*--token/);
    const done = await verify(['--url', closed.url, '--seconds', '3', '--token', tokens.join(',')]);
    expect(done.code, done.err + done.out).toBe(0);
    expect(marksOf(done)).toMatch(/D2✓ .*D8✓/);
    const wrong = await verify(['--url', closed.url, '--token', 'nonsense']);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('does not take a token');
  });
});

describe.concurrent('a target that can’t be tested ends with exit code 2 and a sentence', () => {
  test.each([
    ['an unknown flag', ['--nosuch'], '--nosuch'],
    ['no address', ['--url', 'chat.example.org'], 'http or https'],
    ['an address where nothing is', ['--url', 'http://127.0.0.1:1'], 'No server answers'],
    ['two targets', ['--url', 'http://127.0.0.1:1', '--data', 'x'], 'not both'],
    ['no number', ['--seconds', 'soon'], 'whole number'],
    ['PostgreSQL', ['--database', 'postgres://127.0.0.1/x'], "can't be copied"],
    ['a folder without a workspace', ['--data', '/nonexistent'], 'There is no database'],
  ])('%s', async (_what, args, words) => {
    const { code, out, err } = await verify(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err).not.toMatch(/\n\s+at /);
    expect(existsSync('/nonexistent')).toBe(false);
  });
});
