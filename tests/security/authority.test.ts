import { type CommandName, commands, ignoresAuthor, type Message, permissions, type Room } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { sampleInputs } from '../support/sample-input.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { call, outcome } from '../support/transport-client.ts';

/** Commands on a room or a message, each with its name in `can`; without one if every member may use it. */
const asked = (Object.keys(commands) as CommandName[]).flatMap((name) => {
  const row: { of: string; can?: string } = permissions[commands[name].permission];
  return row.of === 'room' || row.of === 'message' ? [{ name, of: row.of, can: row.can }] : [];
});

const messageCases = asked.filter(({ of }) => of === 'message');
const roomCases = asked.filter(({ of }) => of === 'room');

let server: TestServer;
let count = 0;
const people = new Disposables();
const ids = new Map<JsonRpcClient, string>();

async function come(name: string): Promise<JsonRpcClient> {
  const client = people.use(await connectJsonRpc(server.url, { name: `${name} ${++count}` }));
  ids.set(client, (await call(client, 'session.get', {})).user.id);
  return client;
}

const idOf = (client: JsonRpcClient) => ids.get(client) ?? '';

beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(async () => {
  await people[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A room as a user sees it, or undefined if they don't. */
async function seenBy(client: JsonRpcClient, room: string): Promise<Room | undefined> {
  const { result } = await client.ask('room.get', { room });
  return (result as { room: Room } | undefined)?.room;
}

/** A message as a user's page contains it, or undefined if it doesn't. */
async function pageHas(client: JsonRpcClient, { room, id }: Message): Promise<Message | undefined> {
  const { result } = await client.ask('message.list', { room });
  return (result as { messages: Message[] } | undefined)?.messages.find((each) => each.id === id);
}

/** A newly created room, with a user of some role in it. */
interface Scene {
  room: string;
  subject: JsonRpcClient;
  /** Another member on no higher rung. */
  other: JsonRpcClient;
  own: Message | undefined;
  others: Message;
}

type Role = 'outsider' | 'member' | 'owner';

describe('what `can` says is what a call gets', () => {
  let subject: JsonRpcClient;
  let other: JsonRpcClient;
  let third: JsonRpcClient;
  beforeAll(async () => {
    [subject, other, third] = await Promise.all([come('subject'), come('other'), come('third')]);
  });

  const say = async (client: JsonRpcClient, room: string) =>
    (await call(client, 'message.send', { room, text: `said ${++count}` })).message;

  async function sceneOf(kind: 'public' | 'private', role: Role): Promise<Scene> {
    const owner = role === 'owner' ? subject : third;
    const { room } = await call(owner, 'room.create', { name: `room ${++count}`, kind });
    for (const each of [subject, other, third])
      if (each !== owner) await call(owner, 'room.invite', { room: room.id, user: idOf(each) });
    const own = await say(subject, room.id);
    if (role === 'outsider') await call(subject, 'room.leave', { room: room.id });
    return { room: room.id, subject, other, own, others: await say(other, room.id) };
  }

  /** Two users who write to each other; if the scene is an outsider's, it is two others. */
  async function directScene(role: Role): Promise<Scene> {
    const [one, two] = await Promise.all([come('one'), come('two')]);
    const { room } = await call(one, 'direct.open', { user: idOf(two) });
    const [own, others] = [await say(one, room.id), await say(two, room.id)];
    if (role === 'outsider') return { room: room.id, subject, other: two, own: undefined, others };
    return { room: room.id, subject: one, other: two, own, others };
  }

  const inputOf = (name: CommandName, scene: Scene, message: string): Record<string, unknown> => ({
    ...sampleInputs({ room: scene.room, message, user: idOf(scene.other) })[name],
    ...(name === 'room.update' && { name: `renamed ${++count}` }),
    ...(name === 'message.send' && { clientId: undefined, text: 'may I?' }),
    ...(name === 'message.edit' && { was: undefined }),
    ...(name === 'log.read' && { epoch: undefined }),
  });

  async function walk(makeScene: () => Promise<Scene>): Promise<number> {
    let allowed = 0;
    const check = async (scene: Scene, name: CommandName, expected: boolean, message: Message) => {
      const answer = await outcome(scene.subject, name, inputOf(name, scene, message.id));
      expect(['ok', 'forbidden', 'not_found'], name).toContain(answer);
      expect(answer === 'ok', `${name}: ${answer}`).toBe(expected);
      if (expected) allowed += 1;
    };
    // Each in a scene of its own, so that one command does not affect the next.
    for (const { name, can } of roomCases) {
      const scene = await makeScene();
      const seen = await seenBy(scene.subject, scene.room);
      const expected = can === undefined ? seen !== undefined : seen?.can[can as 'write'] === true;
      await check(scene, name, expected, scene.others);
    }
    for (const { name, can } of messageCases) {
      const scene = await makeScene();
      const seen = await seenBy(scene.subject, scene.room);
      for (const message of [scene.own, scene.others]) {
        if (!message) continue;
        const byRoom = seen?.can[message === scene.own ? 'ownMessages' : 'otherMessages'];
        const expected = byRoom?.[can as 'edit'] === true;
        const listed = await pageHas(scene.subject, message);
        if (listed) expect(listed.can ?? {}, name).toEqual(byRoom);
        if (seen && ignoresAuthor(permissions[commands[name].permission]))
          expect(seen.can[can as 'react']).toBe(expected);
        await check(scene, name, expected, message);
      }
    }
    return allowed;
  }

  test('every name of `can` is asked about', () => {
    const named = Object.values(permissions).flatMap((row) => {
      return row.of === 'room' || row.of === 'message' ? ('can' in row ? [row.can] : []) : [];
    });
    expect(new Set(asked.flatMap(({ can }) => can ?? []))).toEqual(new Set(named));
  });

  // How much is allowed, so that a `can` with only false in it would be noticed.
  test.each([
    ['public', 'outsider', 2],
    ['public', 'member', 17],
    ['public', 'owner', 24],
    ['private', 'outsider', 0],
    ['private', 'member', 16],
    ['private', 'owner', 24],
  ] as const)('in a %s room, for its %s', async (kind, role, allowed) => {
    expect(await walk(() => sceneOf(kind, role))).toBe(allowed);
  });

  test.each([
    ['an outsider', 'outsider', 0],
    ['one of the two', 'member', 20],
  ] as const)('in a direct room, for %s', async (_, role, allowed) => {
    expect(await walk(() => directScene(role))).toBe(allowed);
  });

  test('in a direct room where one user blocks the other, for both', async () => {
    const block = async (blocks: (scene: Scene) => JsonRpcClient) => {
      const scene = await directScene('member');
      const blocker = blocks(scene);
      await call(blocker, 'user.block', { user: idOf(blocker === scene.subject ? scene.other : scene.subject) });
      return scene;
    };
    expect(await walk(() => block(({ subject: it }) => it))).toBe(11);
    expect(await walk(() => block(({ other: it }) => it))).toBe(11);
  });

  test('in a direct room from before direct rooms were turned off', async () => {
    using folder = tempFolder();
    const before = await startServer({ data: folder.path, flags: ['--limits', 'off'] });
    const [one, two] = await Promise.all([startGuest(before.url, 'one'), startGuest(before.url, 'two')]);
    const texts: { own: Message[]; others: Message[] } = { own: [], others: [] };
    await using clients = new Disposables();
    const connect = async (url: string, { token, user }: Guest) => {
      const client = clients.use(await connectJsonRpc(url, { token }));
      ids.set(client, user.id);
      return client;
    };
    const { room } = await call(await connect(before.url, one), 'direct.open', { user: two.user.id });
    for (const [whose, guest] of [['own', one] as const, ['others', two] as const]) {
      const client = await connect(before.url, guest);
      for (let made = 0; made < messageCases.length; made += 1) texts[whose].push(await say(client, room.id));
    }
    await before.stop();
    await using after = await startServer({ data: folder.path, flags: ['--limits', 'off', '--direct', 'off'] });
    const [me, them] = await Promise.all([connect(after.url, one), connect(after.url, two)]);
    const scenes = texts.own.map((own, at) => {
      return { room: room.id, subject: me, other: them, own, others: texts.others[at]! };
    });
    let next = 0;
    expect(await walk(() => Promise.resolve(scenes[next++ % scenes.length]!))).toBe(11);
  });
});

describe('what changes during a connection', () => {
  const canIn = async (client: JsonRpcClient, room: string) => (await seenBy(client, room))?.can;
  const heard = ({ events }: JsonRpcClient) =>
    events.all.filter(({ name }) => name === 'access.changed').map(({ body }) => body['room']);

  test('an owner who leaves passes on what only an owner may do, and the log says to whom', async () => {
    const [owner, member] = await Promise.all([come('first'), come('second')]);
    const { room } = await call(owner, 'room.create', { name: `handed on ${++count}` });
    expect(room.can).toMatchObject({ manage: true, removeMembers: true, otherMessages: { delete: true } });
    const { room: joined } = await call(member, 'room.join', { room: room.id });
    expect(joined.can).toMatchObject({ write: true, manage: false, removeMembers: false });
    expect(joined.can.otherMessages).not.toHaveProperty('delete');
    await call(owner, 'room.leave', { room: room.id });
    await member.events.first(({ name, body }) => name === 'member.updated' && body['role'] === 'owner');
    expect(await canIn(member, room.id)).toEqual(room.can);
    expect(await canIn(owner, room.id)).toMatchObject({ join: true, read: false, write: false, leave: false });
    const { rooms } = await call(member, 'session.get', {});
    expect(rooms.find(({ id }) => id === room.id)?.can).toEqual(room.can);
  });

  test('a block tells both that something has changed, but not what, and only when it has', async () => {
    const [one, two] = await Promise.all([come('one'), come('two')]);
    const { room } = await call(one, 'direct.open', { user: idOf(two) });
    const both = [one, two];
    const hear = (times: number) =>
      Promise.all(both.map((each) => each.events.until(() => heard(each).length === times)));
    await call(one, 'user.block', { user: idOf(two) });
    await hear(1);
    for (const each of both) {
      expect(heard(each)).toEqual([room.id]);
      expect(await canIn(each, room.id)).toMatchObject({ write: false, react: false, read: true, hide: true });
    }
    // The second block, its repeat, and the end of one of the two change nothing, so nobody else is told.
    await call(two, 'user.block', { user: idOf(one) });
    await call(two, 'user.block', { user: idOf(one) });
    await call(one, 'user.unblock', { user: idOf(two) });
    expect((await canIn(one, room.id))?.write).toBe(false);
    await call(two, 'user.unblock', { user: idOf(one) });
    await hear(2);
    for (const each of both) expect((await canIn(each, room.id))?.write).toBe(true);
  });

  test('answers say what the caller may do with a message; events, which are the same for everybody, do not', async () => {
    const [author, other] = await Promise.all([come('author'), come('other')]);
    const { room } = await call(author, 'room.create', { name: `answers ${++count}` });
    await call(other, 'room.join', { room: room.id });
    const own = { edit: true, delete: true, react: true, pin: true };
    const input = { room: room.id, text: 'hello', clientId: `answers-${count}` };
    const { message } = await call(author, 'message.send', input);
    const id = { message: message.id };
    const answers = [
      message,
      (await call(author, 'message.send', input)).message,
      (await call(author, 'message.edit', { ...id, text: 'edited' })).message,
      (await call(author, 'message.react', { ...id, emoji: '👍' })).message,
    ];
    expect(answers.map(({ can }) => can)).toEqual([own, own, own, own]);
    expect((await call(other, 'message.react', { ...id, emoji: '👍' })).message.can).toEqual({ react: true });
    const { body } = await other.events.first(({ name }) => name === 'message.created');
    expect(body['message']).not.toHaveProperty('can');
    expect(JSON.stringify(await call(other, 'log.read', { room: room.id, after: 0 }))).not.toContain('"can"');
    expect((await call(author, 'message.delete', id)).message).not.toHaveProperty('can');
    expect((await pageHas(author, message))?.deletedAt).toBeDefined();
    expect(await pageHas(author, message)).not.toHaveProperty('can');
    // A repeat by a user who has left learns that it worked, and that they may do nothing more with it.
    const kept = { room: room.id, text: 'kept', clientId: `kept-${count}` };
    await call(other, 'message.send', kept);
    await call(other, 'room.leave', { room: room.id });
    expect((await call(other, 'message.send', kept)).message).not.toHaveProperty('can');
  });
});
