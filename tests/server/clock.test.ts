import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { compileShim, createShim } from '../contract/faults/shim.ts';
import { call } from '../support/transport-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The machine's clock jumps under a running server, and under one that starts meanwhile. */

const HOUR = 3600_000;
const jumps = { 'nine hours ahead': 9 * HOUR, 'ten years ahead': 3650 * 24 * HOUR, 'a day back': -24 * HOUR };

/** How far stored times may lead the clock, and what a slow machine takes. */
const LEAD = 60_000 + 20_000;

let cluster: TestPostgres;
const folder = tempFolder();
const library = compileShim(folder.path);
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe.each(['sqlite', 'postgres'])('on %s', (engine) => {
  test.each(Object.entries(jumps))(
    'after a clock that was %s, times are those of now again, names are free, sessions are there',
    { timeout: 60_000 },
    async (name, ms) => {
      using data = tempFolder();
      const shim = createShim(library, join(data.path, 'control'), data.path);
      const database = engine === 'postgres' ? { MADANG_DATABASE: await cluster.newDatabase() } : {};
      await using server = await startServer({ data: data.path, env: { ...shim.env, ...database } });
      const author = await startGuest(server.url, 'author');
      const say = async (text: string) => {
        await using client = await connectJsonRpc(server.url, { token: author.token });
        const { message } = await call(client, 'message.send', { room: 'lobby', text });
        return message.at - Date.now();
      };
      expect(Math.abs(await say('before'))).toBeLessThan(LEAD);
      shim.set('clockMs', ms);
      expect(Math.abs((await say('meanwhile')) - ms)).toBeLessThan(LEAD);
      const early = await startGuest(server.url, 'early');
      await server.stop();
      await server.start();
      expect(Math.abs((await say('after a start')) - ms)).toBeLessThan(LEAD);
      const gone = await startGuest(server.url, 'gone');
      expect(gone.user.id).not.toBe(early.user.id);

      shim.set('clockMs', 0);
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
      shim.close();
    },
  );
});
