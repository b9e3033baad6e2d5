import { createClient, type Client as Sdk } from '@madang/client';
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { type EventStream, openEventStream } from '../support/event-stream.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startServer } from '../support/start-server.ts';

/**
 * `--retention-days` on the real program: old messages are removed, and clients that were away in the meantime are told
 * so.
 */

const DAY = 24 * 3600_000;
const DAYS = 30;
const OLD = 400;

let cluster: TestPostgres;
beforeAll(async () => {
  cluster = await startPostgres();
  return () => cluster[Symbol.asyncDispose]();
});

/** A workspace's database, which can be changed while its server is stopped. */
interface Place {
  env: Record<string, string>;
  /** Runs statements, and returns the rows of the last one. */
  sql(data: string, ...statements: string[]): Promise<Record<string, unknown>[]>;
  /** Called before rows of other months are written. */
  prepare: string[];
}

const places: Record<string, () => Promise<Place>> = {
  sqlite: () =>
    Promise.resolve({
      env: {},
      prepare: [],
      sql: (data, ...statements) => {
        const database = new Database(join(data, 'madang.db'));
        const last = statements.pop() ?? '';
        for (const each of statements) database.exec(each);
        const statement = database.prepare(last);
        const rows = statement.reader ? (statement.all() as Record<string, unknown>[]) : [];
        if (!statement.reader) statement.run();
        database.close();
        return Promise.resolve(rows);
      },
    }),
  postgres: async () => {
    const address = await cluster.newDatabase();
    return {
      env: { MADANG_DATABASE: address },
      prepare: monthsBack(4),
      sql: async (_data, ...statements) => {
        let rows: Record<string, unknown>[] = [];
        for (const each of statements) rows = await cluster.sql(address, each);
        return rows;
      },
    };
  },
};

/** Creates the partitions of earlier months, which would exist if the workspace were as old as its messages. */
function monthsBack(count: number): string[] {
  const now = new Date();
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [1 + index, index].map(
      (back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)),
    );
    const name = `events_${from!.toISOString().slice(0, 7).replace('-', '_')}`;
    return `CREATE TABLE ${name} PARTITION OF events FOR VALUES FROM (${from!.getTime()}) TO (${to!.getTime()})`;
  });
}

async function say(client: TransportClient, text: string, clientId: string): Promise<number> {
  return (await call(client, 'message.send', { room: 'lobby', text, clientId })).message.seq;
}

/** An SDK client that shows the lobby. It finds the server again on its own. */
function openSdk(url: string, token: string, heard?: string[]): Sdk {
  const sdk = createClient({ url, token, transport: 'websocket', backOff: { minMs: 50, maxMs: 200 } });
  if (heard) sdk.on('message.created', ({ message }) => heard.push(message.text));
  sdk.connect();
  sdk.room('lobby').subscribe(() => undefined);
  return sdk;
}

const shown = (sdk: Sdk) =>
  sdk
    .room('lobby')
    .get()
    .messages.map(({ text }) => text);

/** What a stream was told of the log. Presence is announced a moment later, between any two of these events. */
const toldOfLog = ({ events }: EventStream) => events.all.filter(({ name }) => name !== 'presence.changed');

describe.each(Object.keys(places))('on %s', (engine) => {
  test(
    'D4 what is too old goes for good, even across kills, and no client that was away has a hole it is not told of',
    {
      timeout: 120_000,
    },
    async () => {
      const place = await (places[engine] as () => Promise<Place>)();
      const flags = ['--limits', 'off'];
      await using server = await startServer({ flags, env: place.env });
      const [writer, away] = [await startGuest(server.url, 'writer'), await startGuest(server.url, 'away')];
      const leaver = await startGuest(server.url, 'leaver');
      const client = await connectJsonRpc(server.url, { token: writer.token });
      const first = await say(client, 'too old 1', 'c1');
      const stream = await openEventStream(server.url, { token: away.token });
      const lastEventId = stream.lastEventId();
      await stream.close();
      await call(client, 'message.edit', { message: `lobby.${first}`, text: 'too old, edited' });
      await call(client, 'message.react', { message: `lobby.${first}`, emoji: '👍' });
      let last = 0;
      for (let n = 2; n <= OLD; n += 1) last = await say(client, `too old ${n}`, `c${n}`);
      for (const n of [1, 2, 3]) await say(client, `kept ${n}`, `k${n}`);
      const head = last + 3;
      await client.close();
      await server.stop();

      const back = `UPDATE %t SET at = at - ${40 * DAY} - (${last} - seq) * ${Math.round((60 * DAY) / OLD)} WHERE room_id = 'lobby' AND seq <= ${last}`;
      await place.sql(server.data, ...place.prepare, back.replace('%t', 'messages'), back.replace('%t', 'events'));
      flags.push('--retention-days', String(DAYS));
      for (const ms of [0, 40, 120]) {
        await server.start();
        await new Promise((resolve) => setTimeout(resolve, ms));
        await server.kill();
      }
      await server.start();
      const reader = await connectJsonRpc(server.url, { token: away.token });
      const list = () => call(reader, 'message.list', { room: 'lobby' });
      await vi.waitFor(async () => expect((await list()).logStart).toBe(last), { timeout: 30_000, interval: 50 });
      expect(await list()).toMatchObject({
        more: false,
        head,
        messages: [1, 2, 3].map((n) => ({ text: `kept ${n}` })),
      });

      // The log: a cursor below the log start is told so, one at the log start gets all that is left.
      const below = await call(reader, 'log.read', { room: 'lobby', after: first });
      expect(below).toMatchObject({ events: [], reset: true, logStart: last, head, more: false });
      const rest = await call(reader, 'log.read', { room: 'lobby', after: last });
      expect(rest).not.toHaveProperty('reset');
      expect(rest.events.map(({ seq }) => seq)).toEqual([last + 1, last + 2, last + 3]);
      const { rooms } = await call(reader, 'sync', { cursors: { lobby: first } });
      expect(rooms['lobby']).toMatchObject({ events: [], reset: true, logStart: last, head });

      // Server-sent events: the client is told to read the log, then gets live events.
      const resumed = await openEventStream(server.url, { token: away.token, lastEventId });
      const behind = { name: 'room.behind', body: { room: 'lobby', head } };
      expect(toldOfLog(resumed)).toMatchObject([behind]);
      const author = await connectJsonRpc(server.url, { token: writer.token });
      expect(await say(author, 'live', 'l1')).toBe(head + 1);
      await resumed.events.first(({ body }) => body['seq'] === head + 1);
      expect(toldOfLog(resumed)).toMatchObject([behind, { name: 'message.created', body: { seq: head + 1 } }]);
      const again = await openEventStream(server.url, { token: away.token, lastEventId: resumed.lastEventId() });
      expect(toldOfLog(again)).toEqual([]);
      for (const each of [resumed, again]) await each.close();

      // What is gone is gone for every command; a clientId is known as long as its message.
      const gone = `lobby.${first}`;
      expect(await outcome(author, 'message.edit', { message: gone, text: 'x' })).toBe('not_found');
      expect(await outcome(author, 'message.react', { message: gone, emoji: '👍' })).toBe('not_found');
      expect(await outcome(author, 'message.delete', { message: gone })).toBe('not_found');
      expect(await say(author, 'kept 1', 'k1')).toBe(last + 1);
      expect(await say(author, 'too old 2', 'c2')).toBe(head + 2);
      const { rooms: own } = await call(reader, 'session.get', {});
      expect(own).toMatchObject([{ id: 'lobby', head: head + 2, members: 3, unread: 5 }]);

      // A user whose join is too old to be known, but whose leave is not, was a member in between.
      const leaving = await connectJsonRpc(server.url, { token: leaver.token });
      await call(leaving, 'room.leave', { room: 'lobby' });
      await leaving.close();
      const operator = readFileSync(join(server.data, 'operator-token'), 'utf8').trim();
      const trace = async (seq: number) => {
        const asked = `${server.url}/api/trace?message=lobby.${seq}&user=${leaver.user.id}`;
        const response = await fetch(asked, { headers: { authorization: `Bearer ${operator}` } });
        return (await response.json()) as Record<string, unknown>;
      };
      expect(await trace(first)).toMatchObject({ code: 'not_found' });
      expect(await trace(last + 1)).toMatchObject({
        member: { leftAt: expect.any(Number) as number },
        reason: 'unknown',
      });

      const tooOld = (table: string) => `SELECT count(*) AS found FROM ${table} WHERE at < ${Date.now() - DAYS * DAY}`;
      for (const table of ['messages', 'reactions', 'events']) {
        const count = async () => Number((await place.sql(server.data, tooOld(table)))[0]?.['found']);
        await vi.waitFor(async () => expect([table, await count()]).toEqual([table, 0]), 30_000);
      }
      for (const each of [reader, author]) await each.close();
      await server.stop();
      const left = await place.sql(server.data, `SELECT seq FROM events WHERE room_id = 'lobby' ORDER BY seq`);
      expect(left.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4, 5, 6].map((n) => last + n));
      expect(server.output()).not.toContain('too old 1');
    },
  );

  test(
    'D4 an SDK client that was away while the log start was raised shows what is left',
    { timeout: 60_000 },
    async () => {
      const place = await (places[engine] as () => Promise<Place>)();
      const flags = ['--limits', 'off'];
      await using server = await startServer({ flags, env: place.env });
      const away = await startGuest(server.url, 'away');
      const client = await connectJsonRpc(server.url, { name: 'writer' });
      const heard: string[] = [];
      const [bot, page] = [openSdk(server.url, away.token, heard), openSdk(server.url, away.token)];
      for (const sdk of [bot, page]) await vi.waitFor(() => expect(sdk.state.get().status).toBe('online'), 10_000);
      const seen = await say(client, 'seen', 'c0');
      for (const sdk of [bot, page]) await vi.waitFor(() => expect(shown(sdk)).toEqual(['seen']), 10_000);
      await server.stop();
      // The server's log continues without them: when they come back, part of what they missed is too old.
      const missed = (n: number, at: number) => {
        const seq = seen + n;
        return [
          `INSERT INTO messages (room_id, seq, author_id, author_name, text, at) VALUES ('lobby', ${seq}, 'g-x', 'x', 'missed ${n}', ${at})`,
          `INSERT INTO events (room_id, seq, name, at, actor_id, actor_name, payload) VALUES ('lobby', ${seq}, 'message.created', ${at}, 'g-x', 'x', '{"text":"missed ${n}"}')`,
          `UPDATE rooms SET head = ${seq} WHERE id = 'lobby'`,
        ];
      };
      await place.sql(
        server.data,
        ...place.prepare,
        `UPDATE events SET at = at - ${90 * DAY}`,
        `UPDATE messages SET at = at - ${90 * DAY}`,
        ...[1, 2].flatMap((n) => missed(n, Date.now() - 60 * DAY)),
        ...[3, 4].flatMap((n) => missed(n, Date.now() - DAY)),
      );
      flags.push('--retention-days', String(DAYS));
      await server.start();
      const after = await connectJsonRpc(server.url, { name: 'later' });
      await vi.waitFor(async () => {
        expect((await call(after, 'message.list', { room: 'lobby' })).logStart).toBe(seen + 2);
      }, 20_000);
      for (const sdk of [bot, page]) await vi.waitFor(() => expect(sdk.state.get().status).toBe('online'), 20_000);
      await say(after, 'live', 'c1');
      for (const sdk of [bot, page]) {
        await vi.waitFor(() => expect(shown(sdk).slice(-3)).toEqual(['missed 3', 'missed 4', 'live']), 10_000);
      }
      // Whether the clients come back before or after retention is open; they receive what is left, complete and in
      // order.
      expect(heard.filter((text) => !['missed 1', 'missed 2'].includes(text))).toEqual([
        ...['seen', 'missed 3', 'missed 4', 'live'],
      ]);
      for (const each of [bot, page, client, after]) await each.close();
    },
  );
});
