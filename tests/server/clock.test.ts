import { afterAll, describe, expect, test, vi } from 'vitest';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { compileShim, createShim, type Shim } from '../contract/faults/shim.ts';
import { call } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { isLong } from '../support/long.ts';
import { Disposables } from '../support/disposables.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * The clock whose jumps matter, under a running server and across a start: the machine's, or with PostgreSQL the
 * database's, which all nodes use.
 */

const HOUR = 3600_000;
const jumps = { 'nine hours ahead': 9 * HOUR, 'ten years ahead': 3650 * 24 * HOUR, 'a day back': -24 * HOUR };

/** How far stored times may be ahead of the clock, plus what a slow machine takes. */
const LEAD = 60_000 + 20_000;

/** How often a node reads PostgreSQL's clock, plus what a slow machine takes. */
const READING = 4000;

// Each case has its own clock, and mostly waits.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 3 });

const folder = tempFolder();
const library = compileShim(folder.path);
// PostgreSQL runs under its own account.
chmodSync(folder.path, 0o755);
chmodSync(library, 0o644);
afterAll(() => folder[Symbol.dispose]());

/** A PostgreSQL whose clock can be moved. */
async function startCluster(open: Disposables, name: string): Promise<{ cluster: TestPostgres; clock: Shim }> {
  const control = join(folder.path, name);
  const clock = createShim(library, control, folder.path);
  chmodSync(control, 0o666);
  return { cluster: open.use(await startPostgres([], clock.env)), clock };
}

/** A server on an engine whose clock can be moved. */
async function startOn(open: Disposables, engine: string, data: string, name: string) {
  const shim = createShim(library, join(data, 'control'), data);
  const postgres = engine === 'postgres' ? await startCluster(open, name) : undefined;
  const database = postgres && { MADANG_DATABASE: await postgres.cluster.newDatabase() };
  const server = open.use(await startServer({ data, env: { ...shim.env, ...database } }));
  const jump = async (ms: number): Promise<void> => {
    if (!postgres) return shim.set('clockMs', ms);
    postgres.clock.set('clockMs', ms);
    await new Promise((resolve) => setTimeout(resolve, READING));
  };
  const close = () => {
    shim.close();
    postgres?.clock.close();
  };
  return { server, jump, close };
}

/** In the short form, those that differ most. With PostgreSQL each jump has to be waited for. */
const isTaken =
  (...names: (keyof typeof jumps)[]) =>
  ([name]: [string, number]) =>
    isLong || names.includes(name as keyof typeof jumps);
const cases = {
  sqlite: Object.entries(jumps).filter(isTaken('ten years ahead', 'a day back')),
  postgres: Object.entries(jumps).filter(isTaken('ten years ahead')),
};

describe.concurrent.each(Object.entries(cases))('on %s', (engine, each) => {
  test.each(each)(
    'after a clock that was %s, times are correct again, names are free, sessions are still there',
    async (name, ms) => {
      using data = tempFolder();
      await using open = new Disposables();
      const { server, jump, close } = await startOn(open, engine, data.path, name.replaceAll(' ', '-'));
      const author = await startGuest(server.url, 'author');
      const say = async (text: string) => {
        await using client = await connectJsonRpc(server.url, { token: author.token });
        const { message } = await call(client, 'message.send', { room: 'lobby', text });
        return message.at - Date.now();
      };
      expect(Math.abs(await say('before'))).toBeLessThan(LEAD);
      await jump(ms);
      expect(Math.abs((await say('meanwhile')) - ms)).toBeLessThan(LEAD);
      const early = await startGuest(server.url, 'early');
      await server.stop();
      await server.start();
      expect(Math.abs((await say('after a start')) - ms)).toBeLessThan(LEAD);
      const gone = await startGuest(server.url, 'gone');
      expect(gone.user.id).not.toBe(early.user.id);

      await jump(0);
      expect(Math.abs(await say('right again'))).toBeLessThan(LEAD);
      if (ms > 0) expect((await startGuest(server.url, 'gone')).user.id).not.toBe(gone.user.id);
      await server.stop();
      await server.start();
      expect(Math.abs(await say('after another start')), name).toBeLessThan(LEAD);
      await using client = await connectJsonRpc(server.url, { token: author.token });
      const { messages } = await call(client, 'message.list', { room: 'lobby' });
      expect(messages.map(({ text }) => text)).toEqual([
        ...['before', 'meanwhile', 'after a start', 'right again', 'after another start'],
      ]);
      const { members } = await call(client, 'member.list', { room: 'lobby' });
      for (const { lastSeen = 0 } of members) expect(lastSeen).toBeLessThan(Date.now() + LEAD);
      close();
    },
  );
});

test.concurrent('on postgres a node whose own clock is wrong works like the others: its guests are accepted by them, and theirs by it', async () => {
  await using cluster = await startPostgres();
  const database = { MADANG_DATABASE: await cluster.newDatabase() };
  using data = tempFolder();
  const shim = createShim(library, join(data.path, 'control'), data.path);
  shim.set('clockMs', -3650 * 24 * HOUR);
  await using right = await startServer({ env: database });
  const before = await startGuest(right.url, 'before');
  await using wrong = await startServer({ data: data.path, env: { ...shim.env, ...database } });
  const meanwhile = await startGuest(wrong.url, 'meanwhile');
  for (const { token } of [before, meanwhile]) {
    for (const { url } of [right, wrong]) {
      await using client = await connectJsonRpc(url, { token });
      const { message } = await call(client, 'message.send', { room: 'lobby', text: 'now' });
      expect(Math.abs(message.at - Date.now())).toBeLessThan(LEAD);
    }
  }
  shim.close();
});
