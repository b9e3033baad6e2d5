import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { expectCleanLog } from '../support/server-log.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { expireHeldNames } from '../support/time-travel.ts';

let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

describe.each(transportNames)('a token, at %s', (transport) => {
  test('brings back the same user with the same name and rooms', async () => {
    const { token, user } = await startGuest(server.url, `returner ${++count}`);
    for (let again = 0; again < 3; again += 1) {
      await using client = await transports[transport](server.url, { token });
      const state = await call(client, 'session.get', {});
      expect(state.user).toEqual(user);
      expect(state.rooms.map(({ id }) => id)).toEqual(['lobby']);
    }
  });

  test('is accepted by session.start too, and returned', async () => {
    const { token, user } = await startGuest(server.url, `starter ${++count}`);
    await using client = await transports[transport](server.url);
    const started = await call(client, 'session.start', { token });
    expect(started).toMatchObject({ token, user });
  });

  test('that is not valid is refused', async () => {
    for (const token of ['nosuch', 'x'.repeat(43), '0']) {
      await expect(transports[transport](server.url, { token }), token).rejects.toThrow();
      await using client = await transports[transport](server.url);
      expect(await outcome(client, 'session.start', { token })).toBe('unauthenticated');
      expect(await outcome(client, 'session.get', {})).toBe('unauthenticated');
    }
  });

  test('D8 is revoked when its session ends: every connection at every transport is told and closed', async () => {
    await using open = new Disposables();
    const { token } = await startGuest(server.url, `ender ${++count}`);
    const bystander = open.use(await transports[transport](server.url, { name: `bystander ${++count}` }));
    const ears = await Promise.all(
      transportNames.map(async (each) => open.use(await transports[each](server.url, { token }))),
    );
    const webSocketClosed = once((ears[transportNames.indexOf('/ws')] as JsonRpcClient).webSocket, 'close') as Promise<
      [number]
    >;
    await using ender = await transports[transport](server.url, { token });
    const { result } = await ender.ask('session.end', {});
    expect(result).toEqual({});
    for (const ear of ears) {
      const { body } = await ear.events.first(({ name }) => name === 'session.ended');
      expect(body, ear.transport).toEqual({ reason: 'signed_out' });
      await ear.closed;
    }
    expect((await webSocketClosed)[0]).toBe(4401);
    for (const each of transportNames) await expect(transports[each](server.url, { token }), each).rejects.toThrow();
    await call(bystander, 'message.send', { room: 'lobby', text: 'still here' });
  });
});

test('a session started on a connection of another user: the connection receives and sends as the new user only', async () => {
  await using owner = await transports['/ws'](server.url, { name: `owner ${++count}` });
  await using client = await transports['/ws'](server.url, { name: `first ${++count}` });
  const { user: first } = await call(client, 'session.get', {});
  const { room } = await call(owner, 'room.create', { name: `first's ${++count}`, kind: 'private' });
  await call(owner, 'room.invite', { room: room.id, user: first.id });
  await call(client, 'session.start', { name: `second ${++count}` });
  await call(owner, 'message.send', { room: room.id, text: 'for the first' });
  const { message } = await call(client, 'message.send', { room: 'lobby', text: 'as the second' });
  expect(message.author.id).not.toBe(first.id);
  await client.events.first(({ body }) => body['room'] === 'lobby' && body['seq'] === message.seq);
  expect(JSON.stringify(client.events.all)).not.toContain('for the first');
  expect(await outcome(client, 'room.get', { room: room.id })).toBe('not_found');
});

test('tokens are long, and no two are alike', async () => {
  const guests = await Promise.all(Array.from({ length: 20 }, () => startGuest(server.url, `random ${++count}`)));
  const tokens = guests.map(({ token }) => token);
  expect(new Set(tokens).size).toBe(20);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43,}$/);
  expect(new Set(guests.map(({ user }) => user.id)).size).toBe(20);
});

test("Socket.IO's handshake is refused in the words of session.start", async () => {
  await using asker = await transports['/ws'](server.url);
  for (const auth of [
    { token: 'nosuch' },
    { token: 5 },
    { name: '' },
    { name: 'admin' },
    { nosuch: 1 },
    { name: 'a', token: 'b' },
  ]) {
    const refused: unknown = await connectSocketIo(server.url, auth as never).catch((error: unknown) => error);
    const { error } = await asker.ask('session.start', auth);
    expect(error?.code).toBeDefined();
    expect((refused as { data?: unknown }).data, JSON.stringify(auth)).toEqual(error);
  }
});

test('/ws closes with 4401 when its bearer token is not valid', async () => {
  for (const authorization of ['Bearer nosuch', 'Basic eDp5', 'Bearer']) {
    const client = await connectJsonRpc(server.url, undefined, { authorization });
    const [code] = (await once(client.webSocket, 'close')) as [number];
    expect(code, authorization).toBe(4401);
  }
});

test('a returning guest whose name was taken meanwhile gets a numbered name, at every transport, and everybody is told', async () => {
  await using own = await startServer({ flags: ['--limits', 'off'] });
  const { token, user } = await startGuest(own.url, 'wanted');
  await own.stop();
  // A quarter of an hour later.
  expireHeldNames(own.data);
  await own.start();
  await using taker = await transports['/ws'](own.url, { name: 'wanted' });
  for (const transport of transportNames) {
    await using back = await transports[transport](own.url, { token });
    const state = await call(back, 'session.get', {});
    expect(state.user, transport).toMatchObject({ id: user.id, name: 'wanted 2' });
    const { message } = await call(back, 'message.send', { room: 'lobby', text: `numbered at ${transport}` });
    expect(message.author.name).toBe('wanted 2');
  }
  const { body } = await taker.events.first(({ name }) => name === 'member.updated');
  expect(body).toMatchObject({ user: { id: user.id, name: 'wanted 2' }, previousName: 'wanted' });
  expectCleanLog(own);
});

test('a guest who returns within a quarter of an hour still has their name, even if others asked for it', async () => {
  const { token, user } = await startGuest(server.url, `held ${++count}`);
  await using asker: TransportClient = await transports['/ws'](server.url);
  expect(await outcome(asker, 'session.start', { name: user.name })).toBe('conflict');
  await using back = await transports['Socket.IO'](server.url, { token });
  expect((await call(back, 'session.get', {})).user.name).toBe(user.name);
});

test('guests off: nobody gets in by name, at any transport', async () => {
  await using closed = await startServer({ flags: ['--guests', 'off'] });
  for (const transport of transportNames) {
    await expect(transports[transport](closed.url, { name: 'guest' }), transport).rejects.toThrow();
    await using client = await transports[transport](closed.url);
    expect(await outcome(client, 'session.start', { name: 'guest' })).toBe('forbidden');
  }
});
