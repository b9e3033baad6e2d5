import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertEventSchema } from '../support/assert-schema.ts';
import { run } from '../support/chat.ts';
import { Disposables } from '../support/disposables.ts';
import { openEventStream } from '../support/event-stream.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { call, type OutboundEvent, type TransportClient } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';

/** What a message of 100 bytes may cost on the wire. */
const MAX_BYTES = 290;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** What an event says about the message it created. */
function messageIn({ body }: { body: Record<string, unknown> }): { id: string; text: string; clientId?: string } {
  return body['message'] as ReturnType<typeof messageIn>;
}

function isCreatedIn(room: string): (event: OutboundEvent) => boolean {
  return ({ name, body }) => name === 'message.created' && body['room'] === room;
}

/** The event of a message, as a client received it. */
function eventOf(client: TransportClient, id: string): Promise<OutboundEvent> {
  return client.events.first((event) => event.name === 'message.created' && messageIn(event).id === id);
}

test('an event says each thing once, and a message of 100 bytes is at most 290 bytes at /ws', async () => {
  await using writer = await connectJsonRpc(server.url, { name: 'Dawn' });
  await using reader = await connectJsonRpc(server.url, { name: 'Mina' });
  const { user } = await call(reader, 'session.get', {});
  const { user: author } = await call(writer, 'session.get', {});
  const made = await call(writer, 'room.create', { name: 'measured' });
  await call(writer, 'room.invite', { room: made.room.id, user: user.id });
  const frames: string[] = [];
  reader.webSocket.on('message', (data: Buffer) => frames.push(data.toString()));
  for (const room of ['lobby', made.room.id]) {
    const input = { room, text: 'x'.repeat(100), clientId: crypto.randomUUID() };
    const { message } = await call(writer, 'message.send', input);
    await eventOf(reader, message.id);
    const frame = frames.find((each) => each.includes(`"${message.id}"`)) ?? '';
    expect(JSON.parse(frame)).toEqual({
      jsonrpc: '2.0',
      method: 'message.created',
      params: {
        room,
        seq: message.seq,
        at: message.at,
        actor: { id: author.id, name: 'Dawn' },
        message: { id: message.id, text: input.text },
      },
    });
    expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(MAX_BYTES);
    // Answers contain whole messages.
    expect(message).toMatchObject({ ...input, room, author: { id: author.id, name: 'Dawn' } });
    const { messages } = await call(writer, 'message.list', { room, limit: 1 });
    expect(messages).toEqual([message]);
  }
});

describe.each(transportNames)('a clientId, at %s', (transport) => {
  const connect = transports[transport];

  test('is told to all connections of the author, and to nobody else: live, from the log and by sync', async () => {
    await using open = new Disposables();
    const guest = await startGuest(server.url, `author at ${transport}`);
    const author = open.use(await connect(server.url, { token: guest.token }));
    const elsewhere = open.use(await transports['/ws'](server.url, { token: guest.token }));
    const other = open.use(await connect(server.url, { name: `other at ${transport}` }));
    const { room } = await call(author, 'room.create', { name: `room at ${transport}` });
    await call(other, 'room.join', { room: room.id });
    // Each only to its own author. The quotation mark and non-ASCII letters check that the right bytes are cut out.
    const texts = ['plain', 'with "message":{} in it}}', '안녕 👋'];
    for (const text of texts) {
      for (const [writer, reader] of [
        [author, other],
        [other, author],
      ] as const) {
        const clientId = crypto.randomUUID();
        const { message } = await call(writer, 'message.send', { room: room.id, text, clientId });
        expect(message.clientId).toBe(clientId);
        const told = { id: message.id, text };
        expect(messageIn(await eventOf(writer, message.id))).toEqual({ ...told, clientId });
        expect(messageIn(await eventOf(reader, message.id))).toEqual(told);
        const own = writer === author ? { clientId } : {};
        expect(messageIn(await eventOf(elsewhere, message.id))).toEqual({ ...told, ...own });
        for (const [client, expected] of [
          [writer, { ...told, clientId }],
          [reader, told],
        ] as const) {
          const after = message.seq - 1;
          const page = await call(client, 'log.read', { room: room.id, after });
          expect(page.events).toMatchObject([{ type: 'message.created', message: expected }]);
          expect(page.events[0]?.['message']).toEqual(expected);
          const { rooms } = await call(client, 'sync', { cursors: { [room.id]: after } });
          expect(rooms[room.id]).toMatchObject({ events: page.events });
        }
      }
    }
    for (const client of [author, elsewhere, other]) client.events.all.forEach((event) => assertEventSchema(event));
  });
});

test('a clientId is told to its author by a stream that resumes after a break', async () => {
  const author = await startGuest(server.url, 'streaming');
  const other = await startGuest(server.url, 'streaming too');
  await using writer = await transports['/ws'](server.url, { token: author.token });
  const { epoch } = await call(writer, 'session.get', {});
  const { message } = await call(writer, 'message.send', { room: 'lobby', text: 'missed', clientId: 'missed-1' });
  const lastEventId = `${epoch};lobby=${message.seq - 1}`;
  const told = { id: message.id, text: 'missed' };
  for (const [{ token }, expected] of [
    [author, { ...told, clientId: 'missed-1' }],
    [other, told],
  ] as const) {
    const stream = await openEventStream(server.url, { token, lastEventId });
    const created = await stream.events.first((event) => event.name === 'message.created');
    expect(messageIn(created)).toEqual(expected);
    await stream.close();
  }
});

describe.each(['off', 'on'])('with --compression %s', (compression) => {
  test('many write at once, at every transport: each receives everything in order, and the clientIds of its own messages', async () => {
    const EACH = 25;
    await using own = await startServer({ flags: ['--limits', 'off', '--compression', compression] });
    await using open = new Disposables();
    const connects = [...transportNames, ...transportNames, ...transportNames];
    const writers = await Promise.all(
      connects.map(async (name, index) => open.use(await transports[name](own.url, { name: `writer ${index}` }))),
    );
    const { messages: before } = await call(writers[0] as TransportClient, 'message.list', { room: 'lobby' });
    expect(before).toEqual([]);
    // Of all lengths, so that frames have every kind of header; the last has the greatest length allowed.
    const textOf = (writer: number, n: number) => `${writer} ${n} ${'가a'.repeat((n * n * 3) % 1500)}`;
    await Promise.all(
      writers.map((client, writer) =>
        Promise.all(
          run(0, EACH).map((n) =>
            call(client, 'message.send', { room: 'lobby', text: textOf(writer, n), clientId: `${writer}-${n}` }),
          ),
        ),
      ),
    );
    const all: { seq: number; text: string; clientId: string }[] = [];
    for (let after = 0; all.length < writers.length * EACH;) {
      const page = await call(writers[0] as TransportClient, 'message.list', { room: 'lobby', after, limit: 200 });
      for (const { seq, text, clientId = '' } of page.messages) all.push({ seq, text, clientId });
      after = page.messages.at(-1)?.seq ?? 0;
    }
    for (const [index, client] of writers.entries()) {
      await client.events.until((events) => events.filter(isCreatedIn('lobby')).length >= all.length);
      const heard = client.events.all.filter(isCreatedIn('lobby')).map((event) => {
        const { text, clientId } = messageIn(event);
        return { seq: event.body['seq'], text, ...(clientId !== undefined && { clientId }) };
      });
      const expected = all.map(({ seq, text, clientId }) =>
        clientId.startsWith(`${index}-`) ? { seq, text, clientId } : { seq, text },
      );
      expect(heard, `${connects[index]} ${index}`).toEqual(expected);
    }
  });
});
