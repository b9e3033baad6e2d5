import { createRandom, HistoryWriter, RawClient, until } from '@madang/verify';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/*
 * The workload's own client must never be why something is missing. A server that answers by a script brings it into the
 * situations that faults bring about only once in many runs.
 */

const room = 'room';

interface Call {
  method: string;
  params: { after?: number; epoch?: string };
  answer(outcome: { result: object } | { code: string }): void;
}

/** A server at `/ws` whose answers the test gives, and a client of it. */
async function openScript() {
  const folder = mkdtempSync(join(tmpdir(), 'madang-raw-client-'));
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const calls: Call[] = [];
  let socket: WebSocket | undefined;
  server.on('connection', (connection) => {
    socket = connection;
    connection.on('message', (data) => {
      const { id, method, params } = JSON.parse((data as Buffer).toString()) as Call & { id: number };
      const answer: Call['answer'] = (outcome) => {
        const error = 'code' in outcome && { error: { data: { code: outcome.code, message: '' } } };
        connection.send(JSON.stringify({ jsonrpc: '2.0', id, ...outcome, ...error }));
      };
      calls.push({ method, params, answer });
    });
  });
  const history = new HistoryWriter(join(folder, 'history.jsonl'));
  const client = new RawClient({
    id: 'client',
    kind: 'websocket',
    urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    user: 'ann',
    token: 'token',
    rooms: [room],
    history,
    random: createRandom(1),
    silenceMs: 60_000,
  });
  client.start();
  return {
    client,
    /** The next call, which is expected to have this name. */
    next: async (method: string): Promise<Call> => {
      await until(() => calls.length > 0, 5000, 5);
      const call = calls.shift();
      expect(call?.method).toBe(method);
      return call as Call;
    },
    says: (method: string, seq: number, more: object = {}) =>
      socket?.send(JSON.stringify({ jsonrpc: '2.0', method, params: { room, seq, at: seq, ...more } })),
    /** Ends the server, and with it the connection. */
    leave: () => {
      server.close();
      socket?.terminate();
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      history.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A page of messages, from one seq to another. */
function page(from: number, to: number, head = to) {
  const events = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => {
    return {
      type: 'message.created',
      room,
      seq: from + index,
      at: 1,
      actor: { id: 'bob' },
      message: { id: `${room}.${from + index}` },
    };
  });
  return { events, head, more: to < head };
}

test('a client that hears of another history from a read, not a sync, reads all of the new one', async () => {
  await using script = await openScript();
  const { client, next, says } = script;
  (await next('sync')).answer({ result: { epoch: 'one', rooms: { [room]: page(1, 5) } } });
  await until(() => client.appliedOf(room) === 5, 5000, 5);
  says('message.created', 8);
  const read = await next('log.read');
  expect(read.params).toMatchObject({ after: 5, epoch: 'one' });
  read.answer({ result: { epoch: 'two', events: [], head: 3, more: false, reset: true } });
  const sync = await next('sync');
  expect(sync.params).toMatchObject({ cursors: { [room]: 0 }, epoch: 'two' });
  sync.answer({ result: { epoch: 'two', rooms: { [room]: page(1, 0, 3) } } });
  (await next('log.read')).answer({ result: { epoch: 'two', ...page(1, 3) } });
  expect(await until(() => client.appliedOf(room) === 3, 5000, 5), client.describe(room)).toBe(true);
});

test('a client whose read hears of another history while it syncs does not take the old sync for the new one', async () => {
  await using script = await openScript();
  const { client, next, says } = script;
  (await next('sync')).answer({ result: { epoch: 'one', rooms: { [room]: page(1, 5) } } });
  await until(() => client.appliedOf(room) === 5, 5000, 5);
  client.drop();
  const old = await next('sync');
  says('room.behind', 0, { head: 9 });
  (await next('log.read')).answer({ result: { epoch: 'two', events: [], head: 3, more: false, reset: true } });
  // The sync that the read gives rise to is never answered.
  expect((await next('sync')).params).toMatchObject({ epoch: 'two' });
  old.answer({ result: { epoch: 'two', rooms: { [room]: { events: [], head: 3, more: false, reset: true } } } });
  const again = await next('sync');
  expect(again.params).toMatchObject({ cursors: { [room]: 0 }, epoch: 'two' });
  again.answer({ result: { epoch: 'two', rooms: { [room]: page(1, 3) } } });
  expect(await until(() => client.appliedOf(room) === 3, 5000, 5), client.describe(room)).toBe(true);
});

test('a client that is let in while a read of its is being refused reads what it may now', async () => {
  await using script = await openScript();
  const { client, next, says } = script;
  (await next('sync')).answer({ result: { epoch: 'one', rooms: { [room]: page(1, 5) } } });
  await until(() => client.appliedOf(room) === 5, 5000, 5);
  says('message.created', 7);
  const read = await next('log.read');
  says('member.joined', 9, { user: { id: 'ann' } });
  read.answer({ code: 'forbidden' });
  (await next('log.read')).answer({ result: { epoch: 'one', ...page(6, 9) } });
  expect(await until(() => client.appliedOf(room) === 9, 5000, 5), client.describe(room)).toBe(true);
});

test('what a client that lacks something is doing can be told', async () => {
  await using script = await openScript();
  const { client, next, says } = script;
  await next('sync');
  says('message.created', 8);
  await until(() => client.describe(room).includes('holds 1 events until it has synced'), 5000, 5);
  expect(client.describe(room)).toMatch(
    /^connection 1, connected for [\d.]+ s, heard an event [\d.]+ s ago, waits for 1 syncs, holds 1 events until it has synced, shows up to 0, wants up to 0, is not reading, takes itself for no member$/,
  );
});

test('so can why a client is not connected', async () => {
  await using script = await openScript();
  const { client, next, leave } = script;
  await next('sync');
  leave();
  const words = 'not connected (Error: not opened (1006)) for';
  expect(await until(() => client.describe(room).includes(words), 5000, 5), client.describe(room)).toBe(true);
});
