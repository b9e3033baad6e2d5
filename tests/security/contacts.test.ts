import { createClient } from '@madang/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { ENGINES, startServerOn } from '../support/start-server-on.ts';

const idOf = async (client: TransportClient) => (await call(client, 'session.get', {})).user.id;

describe.each(ENGINES)('with %s', (engine) => {
  const open = new Disposables();
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startServerOn(engine, open, ['--limits', 'off', '--max-rooms-per-user', '4']);
  });
  afterAll(() => open[Symbol.asyncDispose]());

  const come = async (name: string) => connectJsonRpc(server.url, { name: `${name} ${++count}` });

  test('rooms that others bring a user into do not use up the user’s own limit', async () => {
    await using victim = await come('victim');
    const id = await idOf(victim);
    for (let other = 0; other < 6; other += 1) {
      await using attacker = await connectHttp(server.url, await startGuest(server.url, `attacker ${++count}`));
      await call(attacker, 'direct.open', { user: id });
      const { room } = await call(attacker, 'room.create', { name: `trap ${count}`, kind: 'private' });
      await call(attacker, 'room.invite', { room: room.id, user: id });
      // It is the attacker's limit: the lobby, the direct room, two more rooms.
      await call(attacker, 'room.create', { name: `trap ${count} again`, kind: 'private' });
      expect(await outcome(attacker, 'room.create', { name: 'one more' })).toBe('conflict');
    }
    for (let own = 0; own < 3; own += 1) await call(victim, 'room.create', { name: `own ${++count}` });
    expect(await outcome(victim, 'room.create', { name: 'one more' })).toBe('conflict');
  });

  test('if a block and a direct room come at the same time, nobody can write there', async () => {
    for (let round = 0; round < 15; round += 1) {
      await using blocker = await come('blocker');
      await using other = await come('blocked');
      const [id, otherId] = [await idOf(blocker), await idOf(other)];
      const [opened] = await Promise.all([
        other.ask('direct.open', { user: id }),
        call(blocker, 'user.block', { user: otherId }),
      ]);
      const { room } = (opened.result ?? {}) as { room?: { id: string } };
      if (room) expect(await outcome(other, 'message.send', { room: room.id, text: 'written' })).toBe('forbidden');
    }
  });

  test('a hidden direct room is in no list until its next message, or until it is opened, on all devices', async () => {
    const guest = await startGuest(server.url, `hider ${++count}`);
    await using hider = await connectJsonRpc(server.url, guest);
    await using second = await connectJsonRpc(server.url, guest);
    await using other = await come('hidden');
    const { room } = await call(other, 'direct.open', { user: guest.user.id });
    await call(other, 'message.send', { room: room.id, text: 'before' });
    const isHidden = async () =>
      (await call(hider, 'session.get', {})).rooms.find(({ id }) => id === room.id)?.hidden === true;
    expect(await call(hider, 'room.hide', { room: room.id })).toEqual({ room: room.id });
    expect((await second.events.first(({ name }) => name === 'room.hidden')).body).toEqual({
      room: room.id,
      hidden: true,
    });
    expect(await isHidden()).toBe(true);
    // Events other than messages do not show it again, and the other user sees nothing of it.
    await call(other, 'user.update', { name: `renamed ${++count}` });
    await call(other, 'direct.open', { user: guest.user.id });
    expect(await isHidden()).toBe(true);
    expect((await call(other, 'room.get', { room: room.id })).room).not.toHaveProperty('hidden');
    await call(other, 'message.send', { room: room.id, text: 'after' });
    expect(await isHidden()).toBe(false);
    await call(hider, 'room.hide', { room: room.id });
    await call(hider, 'direct.open', { user: await idOf(other) });
    expect(await isHidden()).toBe(false);
    await second.events.first(({ name, body }) => name === 'room.hidden' && body['hidden'] === false);
    expect(await outcome(hider, 'room.hide', { room: 'lobby' })).toBe('forbidden');
  });

  test('a blocked user can open, invite and write nothing, and is not told why', async () => {
    await using blocker = await come('blocker');
    await using blocked = await come('blocked');
    const [me, them] = [await idOf(blocker), await idOf(blocked)];
    const { room } = await call(blocked, 'direct.open', { user: me });
    const { message } = await call(blocked, 'message.send', { room: room.id, text: 'hello' });
    expect(await call(blocker, 'user.block', { user: them })).toMatchObject({ user: { id: them } });
    expect(await call(blocker, 'user.block', { user: them })).toMatchObject({ user: { id: them } });
    const tries = [
      ['message.send', { room: room.id, text: 'again' }],
      ['message.edit', { message: message.id, text: 'again' }],
      ['message.react', { message: message.id, emoji: '👍' }],
      ['typing.start', { room: room.id }],
    ] as const;
    for (const [name, input] of tries) {
      const refusals = [(await blocked.ask(name, input)).error, (await blocker.ask(name, input)).error];
      expect(refusals[0], name).toMatchObject({ code: 'forbidden' });
      expect(refusals[0]?.message).not.toMatch(/block/i);
      expect(refusals[1]?.code).toBe('forbidden');
    }
    const { room: trap } = await call(blocked, 'room.create', { name: `trap ${++count}`, kind: 'private' });
    expect(await outcome(blocked, 'room.invite', { room: trap.id, user: me })).toBe('forbidden');
    const { members } = await call(blocked, 'member.list', { room: room.id });
    expect(members.find(({ user }) => user.id === me)).toMatchObject({ presence: 'offline' });
    expect((await call(blocked, 'session.get', {})).rooms.find(({ id }) => id === room.id)).not.toHaveProperty(
      'blocked',
    );
    expect((await call(blocker, 'session.get', {})).rooms.find(({ id }) => id === room.id)).toMatchObject({
      blocked: true,
    });
    expect((await call(blocker, 'block.list', {})).users.map(({ id }) => id)).toEqual([them]);
    expect((await call(blocked, 'block.list', {})).users).toEqual([]);
    // Earlier messages can still be deleted, and read.
    expect(await outcome(blocked, 'message.delete', { message: message.id })).toBe('ok');
    expect(await outcome(blocked, 'message.list', { room: room.id })).toBe('ok');
    // Both block: when one ends it, the other's block stays.
    await call(blocked, 'user.block', { user: me });
    await call(blocker, 'user.unblock', { user: them });
    expect(await outcome(blocker, 'message.send', { room: room.id, text: 'free?' })).toBe('forbidden');
    await call(blocked, 'user.unblock', { user: me });
    expect(await outcome(blocked, 'message.send', { room: room.id, text: 'free' })).toBe('ok');
    // Where there was no direct room yet, none is opened.
    await using stranger = await come('stranger');
    await call(blocker, 'user.block', { user: await idOf(stranger) });
    expect(await outcome(stranger, 'direct.open', { user: me })).toBe('forbidden');
    expect(await outcome(blocker, 'user.block', { user: me })).toBe('conflict');
    expect(await outcome(blocker, 'user.block', { user: 'g-nobody' })).toBe('not_found');
  });

  test('in a direct room where one user blocks the other, neither learns of the other’s presence', async () => {
    await using blocker = await come('quiet');
    await using blocked = await come('loud');
    await using friend = await come('friend');
    const [them, theirs] = [await idOf(blocked), await idOf(friend)];
    for (const user of [them, theirs]) await call(blocker, 'direct.open', { user });
    for (const client of [blocker, blocked, friend]) await call(client, 'room.leave', { room: 'lobby' });
    await call(blocker, 'user.block', { user: them });
    await call(blocked, 'presence.set', { presence: 'away' });
    await call(friend, 'presence.set', { presence: 'away' });
    const heard = ({ name, body }: { name: string; body: Record<string, unknown> }, user: string) =>
      name === 'presence.changed' && body['presence'] === 'away' && (body['user'] as { id: string }).id === user;
    await blocker.events.first((event) => heard(event, theirs));
    expect(blocker.events.all.some((event) => heard(event, them))).toBe(false);
    await call(blocker, 'user.unblock', { user: them });
    await call(blocked, 'presence.set', { presence: 'online' });
    await blocker.events.first(
      ({ name, body }) => name === 'presence.changed' && (body['user'] as { id: string }).id === them,
    );
  });
});

describe('contacts', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ flags: ['--contact-budget', '3/3600'] });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('B3 of one user are limited, those they make and those they receive; existing ones are free', async () => {
    const people = await Promise.all(
      Array.from({ length: 9 }, (_, index) => startGuest(server.url, `person ${index}`)),
    );
    const [victim, spammer] = people as [(typeof people)[number], (typeof people)[number]];
    const opened: string[] = [];
    for (const { token } of people.slice(2, 6)) {
      await using client = await connectHttp(server.url, { token });
      opened.push(await outcome(client, 'direct.open', { user: victim.user.id }));
    }
    expect(opened).toEqual(['ok', 'ok', 'ok', 'rate_limited']);
    await using client = await connectHttp(server.url, spammer);
    const { room } = await call(client, 'room.create', { name: 'trap' });
    const brought: string[] = [];
    for (const { user } of people.slice(2, 5))
      brought.push(await outcome(client, 'room.invite', { room: room.id, user: user.id }));
    brought.push(await outcome(client, 'direct.open', { user: people[6]!.user.id }));
    expect(brought).toEqual(['ok', 'ok', 'ok', 'rate_limited']);
    expect(await outcome(client, 'room.invite', { room: room.id, user: people[2]!.user.id })).toBe('ok');
    await using known = await connectHttp(server.url, people[2]);
    expect(await outcome(known, 'direct.open', { user: victim.user.id })).toBe('ok');
  });
});

test('a user whom others brought into more rooms than fit into one sync receives and reads all of them', async () => {
  await using server = await startServer({ flags: ['--limits', 'off'] });
  await using owner = await connectJsonRpc(server.url, { name: 'owner' });
  await using another = await connectJsonRpc(server.url, { name: 'another' });
  const victim = await startGuest(server.url, 'victim');
  const trap = async (each: TransportClient, index: number): Promise<string> => {
    const { room } = await call(each, 'room.create', { name: `trap ${index}`, kind: 'private' });
    await call(each, 'room.invite', { room: room.id, user: victim.user.id });
    return room.id;
  };
  const rooms: string[] = [];
  // Some at once, but fewer than may wait for an answer.
  for (let first = 0; first < 260; first += 65) {
    const indexes = Array.from({ length: 65 }, (_, index) => first + index);
    rooms.push(...(await Promise.all([owner, another].flatMap((each) => indexes.map((index) => trap(each, index))))));
  }
  const client = createClient({ url: server.url, token: victim.token });
  const texts: string[] = [];
  client.on('message.created', ({ message }) => texts.push(message.text));
  client.connect();
  await vi.waitFor(() => expect(client.rooms.get()).toHaveLength(521), 20_000);
  await call(owner, 'message.send', { room: rooms[0]!, text: 'first' });
  await call(another, 'message.send', { room: rooms.at(-1)!, text: 'last' });
  await vi.waitFor(() => expect(texts).toEqual(['first', 'last']), 10_000);
  const { room } = await client.call('direct.open', { user: await idOf(owner) });
  await client.call('room.hide', { room: room.id });
  expect(client.rooms.get().map(({ id }) => id)).not.toContain(room.id);
  await call(owner, 'message.send', { room: room.id, text: 'shown again' });
  await vi.waitFor(() => expect(client.rooms.get().map(({ id }) => id)).toContain(room.id), 10_000);
  await client.call('user.block', { user: await idOf(owner) });
  expect(client.rooms.get().find(({ id }) => id === room.id)?.blocked).toBe(true);
  await client.close();
});
