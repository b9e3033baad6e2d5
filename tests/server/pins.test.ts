import { createClient } from '@madang/client';
import type { Message } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { Random } from '../support/random.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { call, outcome } from '../support/transport-client.ts';

let postgres: TestPostgres;
const servers: Record<string, TestServer> = {};
const clients = new Disposables();
beforeAll(async () => {
  postgres = await startPostgres();
  const flags = ['--limits', 'off'];
  servers['sqlite'] = await startServer({ flags });
  servers['postgres'] = await startServer({ flags, env: { MADANG_DATABASE: await postgres.newDatabase() } });
}, 60_000);
afterAll(async () => {
  await clients[Symbol.asyncDispose]();
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

let count = 0;

/** A room with its owner and a member. */
async function roomOn({ url }: TestServer) {
  const come = async (name: string) => clients.use(await connectJsonRpc(url, { name: `${name} ${(count += 1)}` }));
  const [owner, member] = await Promise.all([come('owner'), come('member')]);
  const { room } = await call(owner, 'room.create', { name: `room ${count}` });
  await call(member, 'room.join', { room: room.id });
  const say = async (text: string, by: JsonRpcClient = member) =>
    (await call(by, 'message.send', { room: room.id, text })).message;
  const pins = async (by: JsonRpcClient = member) => (await call(by, 'pin.list', { room: room.id })).messages;
  const { user } = await call(owner, 'session.get', {});
  return { room: room.id, owner, member, say, pins, actor: { id: user.id, name: user.name } };
}

const told = ({ events }: JsonRpcClient) =>
  events.all.flatMap(({ name, body }) => (name.endsWith('pinned') ? [`${name} ${String(body['messageId'])}`] : []));

describe.each(['sqlite', 'postgres'])('pins on %s', (engine) => {
  test('a pinned message says so wherever it is, as it reads now, until it is unpinned', async () => {
    const { room, owner, member, say, pins, actor } = await roomOn(servers[engine]!);
    const [first, second] = [await say('first'), await say('second', owner)];
    const { message } = await call(owner, 'message.pin', { message: first.id });
    expect(message.pinned).toEqual({ by: actor, at: expect.any(Number) });
    const event = await member.events.first(({ name }) => name === 'message.pinned');
    expect(event.body).toEqual({ room, seq: second.seq + 1, at: message.pinned?.at, actor, messageId: first.id });
    await call(owner, 'message.pin', { message: second.id });
    expect((await pins()).map(({ id }) => id)).toEqual([second.id, first.id]);
    const { messages } = await call(member, 'message.list', { room });
    expect(messages.map(({ pinned }) => pinned?.by)).toEqual([actor, actor]);

    await call(member, 'message.edit', { message: first.id, text: 'first, edited' });
    await call(owner, 'message.react', { message: first.id, emoji: '👍' });
    const listed = (await pins(owner)).at(-1);
    expect(listed).toMatchObject({ text: 'first, edited', pinned: message.pinned, can: { pin: true } });
    expect(listed?.reactions).toHaveLength(1);

    // A repeat says how it stands, and appends nothing.
    const before = await call(member, 'log.read', { room, after: 0 });
    expect((await call(owner, 'message.pin', { message: first.id })).message.pinned).toEqual(message.pinned);
    expect((await call(owner, 'message.unpin', { message: second.id })).message).not.toHaveProperty('pinned');
    expect((await call(owner, 'message.unpin', { message: second.id })).message).not.toHaveProperty('pinned');
    const { events, head } = await call(member, 'log.read', { room, after: before.head });
    expect(events).toEqual([expect.objectContaining({ type: 'message.unpinned', messageId: second.id, actor })]);
    expect(head).toBe(before.head + 1);
    // The answer to a repeated send has it, too.
    const input = { room, text: 'once', clientId: 'once' };
    const { message: sent } = await call(owner, 'message.send', input);
    await call(owner, 'message.pin', { message: sent.id });
    expect((await call(owner, 'message.send', input)).message.pinned?.by).toEqual(actor);
  });

  test('a deletion unpins, and what was deleted or never there can not be pinned', async () => {
    const { room, owner, member, say, pins } = await roomOn(servers[engine]!);
    const [pinned, plain] = [await say('pinned'), await say('plain')];
    await call(owner, 'message.pin', { message: pinned.id });
    const { message } = await call(member, 'message.delete', { message: pinned.id });
    expect(message).not.toHaveProperty('pinned');
    await call(member, 'message.delete', { message: plain.id });
    await member.events.until((all) => all.filter(({ name }) => name === 'message.deleted').length === 2);
    expect(told(member)).toEqual([`message.pinned ${pinned.id}`, `message.unpinned ${pinned.id}`]);
    expect(await pins()).toEqual([]);
    for (const id of [pinned.id, `${room}.9999`]) {
      expect(await outcome(owner, 'message.pin', { message: id })).toBe('not_found');
      expect(await outcome(owner, 'message.unpin', { message: id })).toBe('not_found');
    }
    expect(await outcome(owner, 'message.pin', { message: 'no id' })).toBe('invalid_input');
  });

  test('B19 a room has at most 50, and says so', async () => {
    const { owner, say, pins } = await roomOn(servers[engine]!);
    const messages: Message[] = [];
    for (let at = 0; at < 51; at += 1) messages.push(await say(`message ${at}`));
    const answers = await Promise.all(messages.map(({ id }) => owner.ask('message.pin', { message: id })));
    const errors = answers.flatMap(({ error }) => error ?? []);
    expect(errors).toEqual([
      {
        code: 'conflict',
        message: 'The room already has 50 pinned messages; unpin one first',
        details: { limit: 50 },
      },
    ]);
    const [last] = await pins();
    await call(owner, 'message.unpin', { message: last!.id });
    const left = messages.find((_, at) => answers[at]?.error)!;
    await call(owner, 'message.pin', { message: left.id });
    expect((await pins()).map(({ id }) => id)).toHaveLength(50);
    expect((await pins())[0]?.id).toBe(left.id);
  });

  test('whatever is pinned, unpinned and deleted at once, live events, the log and the SDK say what a page says', async () => {
    const random = Random.fromEnvironment();
    const server = servers[engine]!;
    const { room, owner, member, say, pins } = await roomOn(server);
    const { token } = await startGuest(server.url, `reader ${(count += 1)}`);
    const sdk = createClient({ url: server.url, token, transport: 'websocket' });
    await using _closing = { [Symbol.asyncDispose]: () => sdk.close() };
    sdk.connect();
    await expect.poll(() => sdk.state.get().status).toBe('online');
    await sdk.call('room.join', { room });
    const view = sdk.room(room);
    view.subscribe(() => undefined);
    const messages = await Promise.all(Array.from({ length: 12 }, (_, at) => say(`message ${at}`)));
    const calls = Array.from({ length: 150 }, () => {
      const { id } = messages[random.below(messages.length)]!;
      const name = ['message.pin', 'message.pin', 'message.unpin', 'message.react'][random.below(4)]!;
      if (random.below(25) === 0) return { by: member, name: 'message.delete', input: { message: id } };
      return { by: owner, name, input: { message: id, ...(name === 'message.react' && { emoji: '👍' }) } };
    });
    await Promise.all(calls.map(({ by, name, input }) => by.ask(name, input)));
    const listed = await pins();
    const ids = new Set(listed.map(({ id }) => id));
    const page = (await call(member, 'message.list', { room })).messages;
    expect(new Set(page.flatMap(({ id, pinned }) => (pinned ? [id] : []))), random.seed).toEqual(ids);
    const fold = (all: readonly { type: string; messageId?: unknown }[]) => {
      const folded = new Set<unknown>();
      for (const { type, messageId } of all) {
        if (type === 'message.pinned') folded.add(messageId);
        if (type === 'message.unpinned') folded.delete(messageId);
      }
      return folded;
    };
    const { events, head } = await call(member, 'log.read', { room, after: 0, limit: 200 });
    const rest = await call(member, 'log.read', { room, after: events.at(-1)!.seq, limit: 200 });
    expect(fold([...events, ...rest.events]), random.seed).toEqual(ids);
    await member.events.until((all) => all.some(({ body }) => body['room'] === room && body['seq'] === head));
    const live = member.events.all.map(({ name, body }) => ({ type: name, ...body }));
    expect(fold(live), random.seed).toEqual(ids);
    await expect
      .poll(() => view.get().messages.flatMap(({ id, pinned }) => (pinned ? [id] : [])), { message: random.seed })
      .toEqual(page.flatMap(({ id, pinned }) => (pinned ? [id] : [])));
  });
});
