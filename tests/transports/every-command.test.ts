import { type CommandName, commands, events } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertAnswerSchema, assertEventSchema } from '../support/assert-schema.ts';
import { call, type TransportClient } from '../support/transport-client.ts';
import { transportNames, transports, pythonTransports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { sampleInputs } from '../support/sample-input.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const connects = { ...transports, ...pythonTransports };

/** Commands for the operator only. */
const operators = Object.values(commands).flatMap((row) => (row.permission === 'workspace.operate' ? [row.name] : []));

/** Commands in an order in which each has what it needs. The last one ends what the others need. */
const order = [
  ...(Object.keys(commands) as CommandName[]).filter(
    (name) => !['room.leave', 'room.remove', 'message.delete', 'session.end', ...operators].includes(name),
  ),
  'message.delete' as const,
  'room.remove' as const,
  'room.leave' as const,
  'session.end' as const,
];

describe.each(Object.keys(connects))('at %s', (transport) => {
  test('every command answers as its schema says, and every event and signal matches its schema', async () => {
    await using open = new Disposables();
    const connect = (name: string) =>
      connects[transport as keyof typeof connects](server.url, { name: `${name} ${++count}` });
    const [client, other] = [open.use(await connect('caller')), open.use(await connect('other'))];
    const { user: otherUser } = await call(other, 'session.get', {});
    const { room } = await call(client, 'room.create', { name: `stage ${++count}` });
    await call(client, 'room.invite', { room: room.id, user: otherUser.id });
    const { message } = await call(client, 'message.send', { room: room.id, text: 'a text' });
    // Only a direct room can be hidden.
    const { room: direct } = await call(client, 'direct.open', { user: otherUser.id });
    const inputs = {
      ...sampleInputs({ room: room.id, message: message.id, user: otherUser.id }),
      'room.create': { name: `made ${++count}`, topic: 'with a topic', clientId: `made-${count}` },
      'room.update': { room: room.id, name: `renamed ${++count}`, topic: 'a topic' },
      'user.update': { name: `renamed ${++count}` },
      'session.start': { name: `restarted ${++count}` },
      'log.read': { room: room.id, after: 0 },
      'member.list': { room: room.id },
      'room.hide': { room: direct.id },
    } as Record<CommandName, unknown>;
    for (const name of order) {
      // It would sign this client in as another user.
      const asker: TransportClient =
        name === 'session.start' ? open.use(await connects[transport as keyof typeof connects](server.url)) : client;
      const { result, error } = await asker.ask(name, inputs[name]);
      expect(error, name).toBeUndefined();
      assertAnswerSchema(name, result);
    }
    // The last command has closed this connection, and nothing else works on it.
    await client.closed;
    await other.events.first(({ name }) => name === 'member.left');
    for (const event of [...client.events.all, ...other.events.all]) assertEventSchema(event);
    expect(client.events.all.at(-1)).toEqual({ name: 'session.ended', body: { reason: 'signed_out' } });
    // Every type of event that a room's log can contain was received.
    const told = new Set(other.events.all.map(({ name }) => name));
    const expected = Object.keys(events).filter((name) => name !== 'room.created');
    expect([...told]).toEqual(expect.arrayContaining(expected));
  });
});

describe.each(transportNames)('once, at %s', (transport) => {
  test('D3 a repeated clientId gets the same answer and appends nothing; different text is a conflict', async () => {
    await using client = await transports[transport](server.url, { name: `repeater ${++count}` });
    await using other = await transports[transport](server.url, { name: `other ${++count}` });
    const send = { room: 'lobby', text: 'once', clientId: `c-${++count}` };
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(client, 'message.send', send)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const { error } = await client.ask('message.send', { ...send, text: 'twice' });
    expect(error?.code).toBe('conflict');
    // Another author's clientId is a different one.
    const { message } = await call(other, 'message.send', send);
    expect(message.seq).toBeGreaterThan(answers[0]?.message.seq ?? 0);
    await other.events.first(({ body }) => body['seq'] === message.seq && body['room'] === 'lobby');
    const heard = other.events.all.filter(
      ({ name, body }) => name === 'message.created' && (body['message'] as { text: string }).text === send.text,
    );
    expect(heard).toHaveLength(2);
  });

  test('B2 a message of exactly 8192 bytes is accepted, one of 8193 is not', async () => {
    await using client = await transports[transport](server.url, { name: `sizer ${++count}` });
    const text = `${'가'.repeat(2730)}ab`;
    expect(new TextEncoder().encode(text)).toHaveLength(8192);
    expect((await call(client, 'message.send', { room: 'lobby', text })).message.text).toBe(text);
    const { error } = await client.ask('message.send', { room: 'lobby', text: `${text}c` });
    expect(error?.details?.issues).toEqual([{ path: 'text', message: 'must be at most 8192 bytes' }]);
  });
});
