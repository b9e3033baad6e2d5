import { type CommandName, commands } from '@madang/protocol';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Connect, type TransportClient, outcome } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { sampleInputs } from '../support/sample-input.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/**
 * Who may do what, written by hand from the documents, not derived from the code. Columns: nobody (no session), an
 * outsider, a member, the owner, a removed member; in a direct room: nobody, an outsider, one of the two. o: done, u:
 * unauthenticated, f: forbidden, n: not_found.
 */
const inRooms: Partial<Record<CommandName, { public: string; private: string; direct: string }>> = {
  'room.get': { public: 'u o o o o', private: 'u n o o n', direct: 'u n o' },
  'room.join': { public: 'u o o o o', private: 'u n o o n', direct: 'u n o' },
  'room.hide': { public: 'u f f f f', private: 'u n f f n', direct: 'u n o' },
  'room.leave': { public: 'u f o o f', private: 'u n o o n', direct: 'u n f' },
  'room.update': { public: 'u f f o f', private: 'u n f o n', direct: 'u n f' },
  'room.invite': { public: 'u f o o f', private: 'u n f o n', direct: 'u n f' },
  'room.remove': { public: 'u f f o f', private: 'u n f o n', direct: 'u n f' },
  'member.list': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'message.send': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  // The message is the owner's; in a direct room, the other user's.
  'message.edit': { public: 'u f f o f', private: 'u n f o n', direct: 'u n f' },
  'message.delete': { public: 'u f f o f', private: 'u n f o n', direct: 'u n f' },
  'message.react': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'message.pin': { public: 'u f f o f', private: 'u n f o n', direct: 'u n o' },
  'message.unpin': { public: 'u f f o f', private: 'u n f o n', direct: 'u n o' },
  'pin.list': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'message.list': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'log.read': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'typing.start': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'membership.set': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'notification.set': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
  'read.mark': { public: 'u f o o f', private: 'u n o o n', direct: 'u n o' },
};

/** Commands that need no room. Columns: nobody, anybody with a session, the operator. */
const elsewhere: Partial<Record<CommandName, string>> = {
  'session.start': 'o o o',
  'session.get': 'u o o',
  'session.end': 'u o f',
  'user.update': 'u o f',
  'user.block': 'u o f',
  'user.unblock': 'u o f',
  'block.list': 'u o f',
  'section.set': 'u o f',
  'section.list': 'u o f',
  'room.create': 'u o f',
  'room.list': 'u o f',
  'direct.open': 'u o f',
  sync: 'u o f',
  'presence.set': 'u o f',
  'delivery.trace': 'u f o',
};

const words = { o: 'ok', u: 'unauthenticated', f: 'forbidden', n: 'not_found' } as const;

/** The transports of the matrix. Polling is covered by Socket.IO. */
const asked = ['Socket.IO', '/ws', 'HTTP'] as const;

let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

test('every command has its row in this test', () => {
  expect([...Object.keys(inRooms), ...Object.keys(elsewhere)].sort()).toEqual(Object.keys(commands).sort());
});

/** Clients of one transport, each of a different user. */
class Cast extends Disposables {
  readonly #connect: Connect;
  readonly #ids = new Map<TransportClient, string>();

  constructor(transport: (typeof asked)[number]) {
    super();
    this.#connect = transports[transport];
  }

  async join(): Promise<TransportClient> {
    const client = this.use(await this.#connect(server.url, { name: `principal ${++count}` }));
    this.#ids.set(client, (await call(client, 'session.get', {})).user.id);
    return client;
  }

  async joinWithoutSession(): Promise<TransportClient> {
    return this.use(await this.#connect(server.url));
  }

  /** Whoever can read the data folder may operate the server, and is no user in it. */
  async joinAsOperator(): Promise<TransportClient> {
    const token = readFileSync(join(server.data, 'operator-token'), 'utf8').trim();
    const extraHeaders = { authorization: `Bearer ${token}` };
    if (this.#connect !== transports['Socket.IO']) return this.use(await this.#connect(server.url, { token }));
    return this.use(await connectSocketIo(server.url, undefined, { transports: ['websocket'], extraHeaders }));
  }

  idOf(client: TransportClient): string {
    return this.#ids.get(client) ?? '';
  }
}

/** The inputs of all commands, with the given room, message and user. */
function inputsFor(subject: {
  room: string;
  message: string;
  user: string;
}): Record<CommandName, Record<string, unknown>> {
  return {
    ...(sampleInputs(subject) as Record<CommandName, Record<string, unknown>>),
    'room.update': { room: subject.room, topic: `topic ${++count}` },
    'message.send': { room: subject.room, text: 'may I?' },
    'message.edit': { message: subject.message, text: 'may I?' },
    'log.read': { room: subject.room, after: 0 },
    'room.create': { name: `room ${++count}` },
    'user.update': { name: `renamed ${++count}` },
    'session.start': { name: `started ${++count}` },
    'delivery.trace': { message: subject.message, user: subject.user },
  };
}

describe.each(asked)('at %s', (transport) => {
  let cast: Cast;
  let nobody: TransportClient;
  let outsider: TransportClient;
  let member: TransportClient;
  let owner: TransportClient;
  let removed: TransportClient;
  let operator: TransportClient;
  beforeAll(async () => {
    cast = new Cast(transport);
    [nobody, operator] = await Promise.all([cast.joinWithoutSession(), cast.joinAsOperator()]);
    [outsider, member, owner, removed] = await Promise.all([cast.join(), cast.join(), cast.join(), cast.join()]);
  });
  afterAll(() => cast[Symbol.asyncDispose]());

  describe.each(['public', 'private'] as const)('in a %s room', (kind) => {
    test.each(Object.keys(inRooms) as CommandName[])('%s', async (name) => {
      const { room } = await call(owner, 'room.create', { name: `matrix ${++count}`, kind });
      for (const each of [member, removed]) await call(owner, 'room.invite', { room: room.id, user: cast.idOf(each) });
      await call(owner, 'room.remove', { room: room.id, user: cast.idOf(removed) });
      const { message } = await call(owner, 'message.send', { room: room.id, text: 'the owner says' });
      // A user who is not in the room is invited; one who is in it is removed.
      const user = cast.idOf(name === 'room.remove' ? member : removed);
      const input = inputsFor({ room: room.id, message: message.id, user })[name];
      const outcomes = new Map<TransportClient, string>();
      // Those who are refused come first, so that no success changes what another may do.
      for (const each of [nobody, removed, outsider, operator, member, owner]) {
        outcomes.set(each, await outcome(each, name, input));
      }
      const columns = [nobody, outsider, member, owner, removed].map((each) => outcomes.get(each));
      expect(columns).toEqual(wordsOf(inRooms[name]?.[kind]));
      expect(outcomes.get(operator)).toBe('forbidden');
    });
  });

  test.each(Object.keys(inRooms) as CommandName[])('in a direct room: %s', async (name) => {
    const { room } = await call(owner, 'direct.open', { user: cast.idOf(member) });
    const { message } = await call(owner, 'message.send', { room: room.id, text: 'the other says' });
    const input = inputsFor({ room: room.id, message: message.id, user: cast.idOf(outsider) })[name];
    const outcomes: string[] = [];
    for (const each of [nobody, outsider, member]) outcomes.push(await outcome(each, name, input));
    expect(outcomes).toEqual(wordsOf(inRooms[name]?.direct));
    expect(await outcome(operator, name, input)).toBe('forbidden');
  });

  test.each(Object.entries(elsewhere) as [CommandName, string][])('%s', async (name, row) => {
    await using guests = new Cast(transport);
    const { message } = await call(owner, 'message.send', { room: 'lobby', text: 'said in lobby' });
    const subject = { room: 'lobby', message: message.id, user: cast.idOf(outsider) };
    const principals = [await guests.joinWithoutSession(), await guests.join(), await guests.joinAsOperator()];
    const outcomes: string[] = [];
    for (const each of principals) outcomes.push(await outcome(each, name, inputsFor(subject)[name]));
    expect(outcomes).toEqual(wordsOf(row));
  });

  test("one's own message: a member may edit and delete it, the room's owner may only delete it", async () => {
    const { room } = await call(owner, 'room.create', { name: `own ${++count}` });
    await call(member, 'room.join', { room: room.id });
    const { message } = await call(member, 'message.send', { room: room.id, text: 'mine' });
    const { error } = await owner.ask('message.edit', { message: message.id, text: 'not yours' });
    expect(error?.code).toBe('forbidden');
    expect((await call(member, 'message.edit', { message: message.id, text: 'still mine' })).message.text).toBe(
      'still mine',
    );
    const { message: gone } = await call(owner, 'message.delete', { message: message.id });
    expect(gone).toMatchObject({ text: '', deletedAt: expect.any(Number) as number });
    for (const name of ['message.edit', 'message.react'] as const) {
      const input =
        name === 'message.edit' ? { message: message.id, text: 'again' } : { message: message.id, emoji: '👍' };
      expect((await member.ask(name, input)).error?.code, name).toBe('not_found');
    }
    const log = JSON.stringify(await call(member, 'log.read', { room: room.id, after: 0 }));
    expect(log).not.toContain('mine');
  });

  test('a private and a direct room answer every command as if they did not exist', async () => {
    const { room: hidden } = await call(owner, 'room.create', { name: `hidden ${++count}`, kind: 'private' });
    const { room: direct } = await call(owner, 'direct.open', { user: cast.idOf(member) });
    for (const room of [hidden, direct]) {
      const { message } = await call(owner, 'message.send', { room: room.id, text: 'secret' });
      for (const name of Object.keys(inRooms) as CommandName[]) {
        const real = inputsFor({ room: room.id, message: message.id, user: cast.idOf(member) })[name];
        const absent = JSON.parse(JSON.stringify(real).replaceAll(room.id, 'nosuchroom00')) as object;
        const answers = await Promise.all([outsider.ask(name, real), outsider.ask(name, absent)]);
        expect(answers[0], name).toEqual(answers[1]);
        expect(answers[0]?.error?.code, name).toBe('not_found');
      }
      const listed = JSON.stringify(await call(outsider, 'room.list', { limit: 200 }));
      expect(listed).not.toContain(room.id);
      const searched = await call(outsider, 'room.list', { search: 'hidden' });
      expect(searched.rooms.map(({ id }) => id)).not.toContain(hidden.id);
    }
  });

  test('a message id of another room, of no message, or of another kind of event is not found', async () => {
    const { room } = await call(owner, 'room.create', { name: `ids ${++count}` });
    for (const message of [`${room.id}.1`, `${room.id}.99`, `${room.id}.9007199254740991`, 'nosuchroom.1']) {
      for (const name of ['message.edit', 'message.delete', 'message.react'] as const) {
        const input = inputsFor({ room: room.id, message, user: '' })[name];
        expect((await owner.ask(name, input)).error?.code, `${name} ${message}`).toBe('not_found');
      }
    }
  });
});

function wordsOf(row: string | undefined): string[] {
  return (row ?? '').split(' ').map((letter) => words[letter as keyof typeof words]);
}
