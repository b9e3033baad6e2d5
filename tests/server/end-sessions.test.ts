import express from 'express';
import { createMadang, type Madang, type MadangOptions } from 'madang';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { tempFolder } from '../support/temp-folder.ts';

// PostgreSQL and Redis are slow to start on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** A host app with a workspace in it. */
interface App extends AsyncDisposable {
  readonly url: string;
  readonly madang: Madang;
  /** The tokens that the app knows, and their users. */
  readonly tokens: Map<string, { id: string; name: string }>;
  /** While set, the app takes this long to authenticate a user. */
  slow: Promise<void> | undefined;
  /** How often the app was asked to authenticate somebody. */
  asked: number;
}

async function startApp(options: MadangOptions = {}): Promise<App> {
  const folder = tempFolder();
  const tokens = new Map(['minsu', 'dawn'].map((id) => [id, { id, name: `The ${id}` }]));
  const parts: { slow: Promise<void> | undefined; asked: number } = { slow: undefined, asked: 0 };
  const madang = await createMadang({
    data: folder.path,
    logLevel: 'warn',
    authenticate: async ({ headers }) => {
      const known = tokens.get(headers.authorization?.replace('Bearer ', '') ?? '') ?? null;
      parts.asked += 1;
      await parts.slow;
      return known;
    },
    ...options,
  });
  const app = express();
  app.use(madang.router);
  const server = createServer(app).listen(0);
  madang.attach(server);
  await once(server, 'listening');
  return Object.assign(parts, {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    madang,
    tokens,
    [Symbol.asyncDispose]: async () => {
      await madang.close();
      server.closeAllConnections();
      server.close();
      folder[Symbol.dispose]();
    },
  });
}

/** Checks that a client was signed out: it was told why, its connection was closed, and its calls are refused. */
async function expectThrownOut(client: TransportClient): Promise<void> {
  const { body } = await client.events.first(({ name }) => name === 'session.ended');
  expect(body).toEqual({ reason: 'revoked' });
  await client.closed;
}

describe('endSessions ends all sessions of a user of the app', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  test.each(['/ws', 'HTTP'] as const)(
    'D8 at %s; others stay, and the user has no session from then on',
    async (transport) => {
      await using minsu = await transports[transport](app.url, { token: 'minsu' });
      await using dawn = await transports['/ws'](app.url, { token: 'dawn' });
      await call(minsu, 'session.get', {});
      const knows = app.tokens.get('minsu');
      app.tokens.delete('minsu');
      await app.madang.endSessions('minsu');
      await call(dawn, 'message.send', { room: 'lobby', text: `after the ban at ${transport}` });
      await expectThrownOut(minsu);
      expect(JSON.stringify(minsu.events.all)).not.toContain('after the ban');
      const again = await fetch(`${app.url}/api/session`, { headers: { authorization: 'Bearer minsu' } });
      expect(again.status).toBe(401);
      await expect(transports['/ws'](app.url, { token: 'minsu' })).rejects.toThrow();
      expect(await outcome(dawn, 'session.get', {})).toBe('ok');
      // A user whom the app authenticates again is the same user as before.
      app.tokens.set('minsu', knows!);
      await using back = await transports['/ws'](app.url, { token: 'minsu' });
      expect((await call(back, 'session.get', {})).user).toMatchObject({ id: 'u-minsu', kind: 'host' });
      await call(back, 'message.send', { room: 'lobby', text: 'let in again' });
    },
  );

  test('D8 even of a user who was just connecting when it was called', async () => {
    await using before = await transports['/ws'](app.url, { token: 'minsu' });
    const { promise, resolve } = deferred();
    app.slow = promise;
    const asked = app.asked;
    const coming = fetch(`${app.url}/api/session`, { headers: { authorization: 'Bearer minsu' } });
    const connecting = transports['/ws'](app.url, { token: 'minsu' }).then(
      () => 'let in',
      () => 'refused',
    );
    // The app has authenticated them, and its answer is still on its way.
    await expect.poll(() => app.asked).toBe(asked + 2);
    await app.madang.endSessions('minsu');
    await expectThrownOut(before);
    resolve();
    app.slow = undefined;
    expect((await coming).status).toBe(401);
    expect(await connecting).toBe('refused');
    await using again = await transports['/ws'](app.url, { token: 'minsu' });
    expect(await outcome(again, 'session.get', {})).toBe('ok');
  });

  test('calling it twice, or for an unknown user, is no error; an impossible id is', async () => {
    await Promise.all([app.madang.endSessions('minsu'), app.madang.endSessions('minsu')]);
    await app.madang.endSessions('nobody');
    for (const none of ['', 'i'.repeat(255), '가'.repeat(85), 42, undefined]) {
      await expect(app.madang.endSessions(none as string)).rejects.toThrow(/1 to 254 bytes/);
    }
    // An unusual id is still an id.
    await app.madang.endSessions('김 철수');
  });
});

describe('endSessions reaches every node', () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  const open = new Disposables();
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    open.use(postgres);
    open.use(redis);
  });
  afterAll(() => open[Symbol.asyncDispose]());

  test.each([
    ['over the bus', true],
    ['without a bus', false],
  ])('D8 %s', async (_way, hasBus) => {
    const database = await postgres.newDatabase();
    const options = { database, ...(hasBus && { bus: redis.url }) };
    await using one = await startApp(options);
    await using other = await startApp(options);
    await using minsu = await transports['/ws'](other.url, { token: 'minsu' });
    await using dawn = await transports['/ws'](other.url, { token: 'dawn' });
    for (const app of [one, other]) app.tokens.delete('minsu');
    const start = performance.now();
    await one.madang.endSessions('minsu');
    await expectThrownOut(minsu);
    process.stdout.write(`  closed at the other node after ${Math.round(performance.now() - start)} ms\n`);
    expect(await outcome(dawn, 'session.get', {})).toBe('ok');
  });
});
