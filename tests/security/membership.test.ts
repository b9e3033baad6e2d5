import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { connectLine } from '../support/line-client.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { openEventStream } from '../support/event-stream.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const guest = (): Promise<Guest> => startGuest(server.url, `person ${++count}`);
const connect = ({ token }: Guest): Promise<TransportClient> => transports['/ws'](server.url, { token });

describe('D8 a user who was removed or has left', () => {
  test.each(['room.remove', 'room.leave'] as const)(
    'receives nothing after %s, at any transport, and can not read what came later',
    async (name) => {
      await using open = new Disposables();
      const [ownerGuest, goneGuest] = [await guest(), await guest()];
      const owner = open.use(await connect(ownerGuest));
      const { room } = await call(owner, 'room.create', { name: `removal ${++count}`, kind: 'private' });
      await call(owner, 'room.invite', { room: room.id, user: goneGuest.user.id });
      const ears = await Promise.all(
        transportNames.map(async (transport) =>
          open.use(await transports[transport](server.url, { token: goneGuest.token })),
        ),
      );
      const [first] = ears as [TransportClient];
      const mine = { room: room.id, text: 'mine, before', clientId: `before-${name}` };
      const { message } = await call(first, 'message.send', mine);
      const stream = await openEventStream(server.url, { token: goneGuest.token });
      const lastEventId = stream.lastEventId();
      await stream.close();
      // Many messages are under way at the very moment of the removal.
      const during = Array.from({ length: 20 }, (_, index) =>
        owner.ask('message.send', { room: room.id, text: `during ${index}` }),
      );
      if (name === 'room.remove') await call(owner, name, { room: room.id, user: goneGuest.user.id });
      else await call(first, name, { room: room.id });
      await Promise.all(during);
      const { message: secret } = await call(owner, 'message.send', { room: room.id, text: 'secret, after' });
      await call(owner, 'message.edit', { message: secret.id, text: 'secret, edited' });
      await call(owner, 'message.react', { message: message.id, emoji: '🤫' });
      await call(owner, 'room.update', { room: room.id, topic: 'secret topic' });
      await call(owner, 'typing.start', { room: room.id });
      const { message: fence } = await call(owner, 'message.send', { room: 'lobby', text: 'fence' });

      // A repeat learns that the message was stored, but not that a user has reacted to it since.
      const { can: _, ...stored } = message;
      expect((await call(first, 'message.send', mine)).message).toEqual(stored);

      for (const ear of ears) {
        await ear.events.first(({ body }) => body['room'] === 'lobby' && body['seq'] === fence.seq);
        const heard = ear.events.all.filter(({ body }) => body['room'] === room.id);
        expect(heard.at(-1), ear.transport).toMatchObject({
          name: 'member.left',
          body: { user: { id: goneGuest.user.id }, reason: name === 'room.remove' ? 'removed' : 'left' },
        });
        expect(JSON.stringify(ear.events.all)).not.toContain('secret');
        const asked = {
          'log.read': { room: room.id, after: 0 },
          'message.list': { room: room.id },
          'message.edit': { message: message.id, text: 'x' },
        };
        for (const [command, input] of Object.entries(asked)) {
          expect(await outcome(ear, command, input), `${ear.transport} ${command}`).toBe('not_found');
        }
        const { rooms } = await call(ear, 'sync', { cursors: { [room.id]: 0 } });
        expect(rooms[room.id]).toMatchObject({ error: { code: 'not_found' } });
      }
      const again = await openEventStream(server.url, { token: goneGuest.token, lastEventId });
      await again.events.first(({ body }) => body['room'] === 'lobby' && body['seq'] === fence.seq);
      expect(JSON.stringify(again.events.all)).not.toContain('secret');
      await again.close();
    },
  );

  test('receives and reads everything again once invited again', async () => {
    await using open = new Disposables();
    const [ownerGuest, other] = [await guest(), await guest()];
    const owner = open.use(await connect(ownerGuest));
    const ear = open.use(await connect(other));
    const { room } = await call(owner, 'room.create', { name: `return ${++count}`, kind: 'private' });
    const user = other.user.id;
    for (const name of ['room.invite', 'room.remove', 'room.invite', 'room.invite'] as const)
      await call(owner, name, { room: room.id, user });
    const { message } = await call(owner, 'message.send', { room: room.id, text: 'welcome back' });
    await ear.events.first(({ body }) => body['room'] === room.id && body['seq'] === message.seq);
    // A second invitation made no event.
    expect(message.seq).toBe(6);
  });
});

describe('owners', () => {
  test('when the only owner leaves, the longest-standing member becomes the owner, and everybody is told', async () => {
    await using open = new Disposables();
    const [a, b, c] = [await guest(), await guest(), await guest()];
    const [owner, second, third] = (await Promise.all(
      [a, b, c].map(async (each) => open.use(await connect(each))),
    )) as [TransportClient, TransportClient, TransportClient];
    const { room } = await call(owner, 'room.create', { name: `succession ${++count}` });
    await call(second, 'room.join', { room: room.id });
    await call(third, 'room.join', { room: room.id });
    await call(owner, 'room.leave', { room: room.id });
    const { body } = await third.events.first(({ name }) => name === 'member.updated');
    expect(body).toMatchObject({ room: room.id, user: { id: b.user.id }, role: 'owner' });
    expect((await call(second, 'room.get', { room: room.id })).room.role).toBe('owner');
    expect(await outcome(second, 'room.update', { room: room.id, topic: 'mine now' })).toBe('ok');
    expect(await outcome(third, 'room.update', { room: room.id, topic: 'not mine' })).toBe('forbidden');
    // The last two leave. A user who joins at that moment is a member of a room without an owner, or its new owner, and
    // the room works either way.
    await call(second, 'room.leave', { room: room.id });
    expect((await call(third, 'room.get', { room: room.id })).room.role).toBe('owner');
    await call(third, 'room.leave', { room: room.id });
    expect((await call(third, 'room.get', { room: room.id })).room.members).toBe(0);
    await call(owner, 'room.join', { room: room.id });
    expect(await outcome(owner, 'message.send', { room: room.id, text: 'alone' })).toBe('ok');
  });

  test('owners cannot be removed, and nobody can remove themselves', async () => {
    await using open = new Disposables();
    const [a, b] = [await guest(), await guest()];
    const owner = open.use(await connect(a));
    const { room } = await call(owner, 'room.create', { name: `removal of owners ${++count}` });
    expect(await outcome(owner, 'room.remove', { room: room.id, user: a.user.id })).toBe('conflict');
    expect(await outcome(owner, 'room.remove', { room: room.id, user: b.user.id })).toBe('not_found');
    expect(await outcome(owner, 'room.remove', { room: room.id, user: 'g-nobody' })).toBe('not_found');
    expect(await outcome(owner, 'room.invite', { room: room.id, user: 'g-nobody' })).toBe('not_found');
  });

  test('a second join is no error and makes no event', async () => {
    await using client = await connect(await guest());
    const before = await call(client, 'room.get', { room: 'lobby' });
    const { room } = await call(client, 'room.join', { room: 'lobby' });
    expect(room.head).toBe(before.room.head);
  });
});

describe('direct rooms', () => {
  test('two users have one room, from both sides, even if both open it at once', async () => {
    await using open = new Disposables();
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await guest(), await guest()];
      const [one, other] = [open.use(await connect(a)), open.use(await connect(b))];
      const opened = await Promise.all([
        call(one, 'direct.open', { user: b.user.id }),
        call(other, 'direct.open', { user: a.user.id }),
        call(one, 'direct.open', { user: b.user.id }),
        call(other, 'direct.open', { user: a.user.id }),
      ]);
      expect(new Set(opened.map(({ room }) => room.id)).size).toBe(1);
      const [room] = opened.map((answer) => answer.room);
      expect(room).toMatchObject({ kind: 'direct', name: '', members: 2, peer: b.user && { id: b.user.id } });
      const { message } = await call(one, 'message.send', { room: room?.id ?? '', text: 'hi' });
      const { body } = await other.events.first(({ name }) => name === 'message.created');
      expect(body).toMatchObject({ room: room?.id, seq: message.seq });
      const mine = (await call(other, 'session.get', {})).rooms.find(({ id }) => id === room?.id);
      expect(mine).toMatchObject({ peer: { id: a.user.id, name: a.user.name }, unread: 1 });
    }
  });

  test('there is none with oneself or with an unknown user', async () => {
    const self = await guest();
    await using client = await connect(self);
    expect(await outcome(client, 'direct.open', { user: self.user.id })).toBe('conflict');
    expect(await outcome(client, 'direct.open', { user: 'g-nobody' })).toBe('not_found');
  });
});

test('line mode: a removed user receives nothing more', async () => {
  await using owner = await connect(await guest());
  await using line = await connectLine(server.url);
  line.say('/me');
  const me = await line.lines.first((text) => text.startsWith(`${line.name}  `));
  const user = me.split('  ')[1] as string;
  const { room } = await call(owner, 'room.create', { name: `line ${++count}`, kind: 'private' });
  await call(owner, 'room.invite', { room: room.id, user });
  await call(owner, 'message.send', { room: room.id, text: 'before' });
  await call(owner, 'room.remove', { room: room.id, user });
  await call(owner, 'message.send', { room: room.id, text: 'secret' });
  await call(owner, 'message.send', { room: 'lobby', text: 'fence' });
  await line.lines.first((text) => text.endsWith(': fence'));
  expect(line.lines.all.some((text) => text.endsWith(': before'))).toBe(true);
  expect(line.lines.all.join('\n')).not.toContain('secret');
});
