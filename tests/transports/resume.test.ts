import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createParser } from 'eventsource-parser';
import { call, type TransportClient, type OutboundEvent } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { openEventStream } from '../support/event-stream.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { startNginx } from '../support/nginx.ts';
import { Random } from '../support/random.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

let names = 0;

/** A guest, a client of theirs, and rooms they are in. */
async function stage(rooms: number): Promise<{ guest: Guest; client: TransportClient; rooms: string[] }> {
  const guest = await startGuest(server.url, `reader ${++names}`);
  const client = await transports['/ws'](server.url, { token: guest.token });
  const made: string[] = [];
  for (let index = 0; index < rooms; index += 1) {
    made.push((await call(client, 'room.create', { name: `room ${names} ${index}` })).room.id);
  }
  return { guest, client, rooms: made };
}

function isMessageOf(rooms: readonly string[]): (event: OutboundEvent) => boolean {
  return ({ name, body }) => name === 'message.created' && rooms.includes(body['room'] as string);
}

test('users who come later cannot read a message’s text from before its edits', async () => {
  const { guest, client, rooms } = await stage(1);
  const [room = ''] = rooms;
  const lastEventId = await quickId(guest.token);
  const { message } = await call(client, 'message.send', { room, text: 'SECRET, sent' });
  // A user who reads it now keeps it in the server's memory as well.
  expect(JSON.stringify(await call(client, 'log.read', { room, after: 0 }))).toContain('SECRET');
  for (const text of ['SECRET, edited', 'SECRET, edited again', 'as it is now']) {
    await call(client, 'message.edit', { message: message.id, text });
  }
  const isAsNow = (events: unknown) => {
    expect(JSON.stringify(events)).not.toContain('SECRET');
    expect(JSON.stringify(events).split('as it is now')).toHaveLength(5);
  };
  for (const transport of transportNames) {
    await using later = await transports[transport](server.url, { name: `later ${++names}` });
    await call(later, 'room.join', { room });
    isAsNow((await call(later, 'log.read', { room, after: 0 })).events);
    isAsNow((await call(later, 'sync', { cursors: { [room]: 0 } })).rooms[room]);
  }
  const stream = await openEventStream(server.url, { token: guest.token, lastEventId });
  const isOfMessage = ({ name }: OutboundEvent) => name === 'message.created' || name === 'message.edited';
  await stream.events.until(() => stream.events.all.filter(isOfMessage).length >= 4, 5000);
  isAsNow(stream.events.all);
  await stream.close();
  await client.close();
});

describe('server-sent events', () => {
  test('D4 Last-Event-ID resumes exactly where a stream was cut: 500 messages in 3 rooms, cut at random', async () => {
    const random = Random.fromEnvironment();
    const { guest, client, rooms } = await stage(3);
    const total = 500;
    let lastEventId = await quickId(guest.token);
    const heads = new Map<string, number>();
    let isSent = false;
    const sent = (async () => {
      for (let index = 0; index < total; index += 1) {
        const room = rooms[random.below(rooms.length)] as string;
        const { message } = await call(client, 'message.send', {
          room,
          text: `message ${index} ${'x'.repeat(random.below(400))}`,
        });
        heads.set(room, message.seq);
      }
      isSent = true;
    })();

    const heard = new Map<string, number[]>(rooms.map((room) => [room, []]));
    let cuts = 0;
    const isComplete = () => isSent && rooms.every((room) => heard.get(room)?.at(-1) === heads.get(room));
    while (!isComplete()) {
      const stream = await openEventStream(server.url, { token: guest.token, lastEventId });
      const wanted = 1 + random.below(40);
      const count = () => stream.events.all.filter(isMessageOf(rooms)).length;
      await Promise.race([
        stream.events.until(() => count() >= wanted, 30_000).catch(() => undefined),
        sent.then(() => stream.events.until(() => isAtHeads(stream.events.all), 5000).catch(() => undefined)),
      ]);
      await stream.close();
      for (const { body } of stream.settled()) {
        const room = body['room'] as string;
        if (rooms.includes(room) && 'seq' in body) heard.get(room)?.push(body['seq'] as number);
      }
      lastEventId = stream.lastEventId();
      cuts += 1;
    }
    await sent;
    expect(cuts, random.seed).toBeGreaterThan(10);
    for (const room of rooms) {
      const head = heads.get(room) ?? 0;
      const seqs = heard.get(room) ?? [];
      const from = seqs[0] as number;
      expect(from, random.seed).toBe(3);
      expect(seqs, random.seed).toEqual(Array.from({ length: head - from + 1 }, (_, index) => from + index));
    }
    await client.close();

    function isAtHeads(events: readonly OutboundEvent[]): boolean {
      return rooms.every((room) => {
        const last = events.findLast((event) => event.body['room'] === room && 'seq' in event.body);
        return (last?.body['seq'] ?? heard.get(room)?.at(-1)) === heads.get(room);
      });
    }
  });

  test('D4 a stream that is cut in the middle of a long backlog resumes there', async () => {
    const { guest, client, rooms } = await stage(3);
    let lastEventId = await quickId(guest.token);
    const each = 150;
    for (const room of rooms) {
      const text = room.padEnd(6000, '.');
      await Promise.all(Array.from({ length: each }, () => call(client, 'message.send', { room, text })));
    }
    const heard = new Map<string, number[]>(rooms.map((room) => [room, []]));
    const count = () => [...heard.values()].reduce((sum, seqs) => sum + seqs.length, 0);
    let cuts = 0;
    while (count() < each * rooms.length) {
      const stream = await openEventStream(server.url, { token: guest.token, lastEventId });
      await stream.close();
      for (const { body } of stream.settled()) heard.get(body['room'] as string)?.push(body['seq'] as number);
      expect(stream.lastEventId()).not.toBe(lastEventId);
      lastEventId = stream.lastEventId();
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(2);
    for (const seqs of heard.values()) expect(seqs).toEqual(Array.from({ length: each }, (_, index) => index + 3));
    await client.close();
  });

  test('every event has its id in its own block, where parsers look for it', async () => {
    const { guest, client, rooms } = await stage(1);
    const response = await fetch(`${server.url}/api/events`, { headers: { authorization: `Bearer ${guest.token}` } });
    const ids: (string | undefined)[] = [];
    const parser = createParser({ onEvent: ({ event, id }) => event === 'message.created' && ids.push(id) });
    await call(client, 'message.send', { room: rooms[0] as string, text: 'with an id' });
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (ids.length > 0) break;
    }
    expect(ids[0]).toContain(`${rooms[0]}=3`);
    await client.close();
  });

  test('?room= limits a stream to that room, and its id resumes there', async () => {
    const { guest, client, rooms } = await stage(2);
    const [wanted, unwanted] = rooms as [string, string];
    const stream = await openEventStream(server.url, { token: guest.token, room: wanted });
    for (const room of [unwanted, wanted, unwanted, wanted]) await call(client, 'message.send', { room, text: room });
    await stream.events.until((all) => all.filter(isMessageOf([wanted])).length === 2);
    expect(stream.events.all.filter(isMessageOf([unwanted]))).toEqual([]);
    const lastEventId = stream.lastEventId();
    await stream.close();
    await call(client, 'message.send', { room: unwanted, text: 'missed, elsewhere' });
    await call(client, 'message.send', { room: wanted, text: 'missed, here' });
    const again = await openEventStream(server.url, { token: guest.token, room: wanted, lastEventId });
    await again.events.first(isMessageOf([wanted]));
    expect(again.events.all.filter(({ body }) => 'seq' in body).map(({ body }) => body['room'])).toEqual([wanted]);
    await again.close();
    await client.close();
  });

  test('a room that the user may not see, an unknown room and no session are refused', async () => {
    const { client, rooms } = await stage(0);
    const { room: hidden } = await call(client, 'room.create', { name: 'hidden', kind: 'private' });
    const { token } = await startGuest(server.url, `stranger ${names}`);
    const answers = await Promise.all(
      [hidden.id, 'nosuchroom'].map(async (room) => {
        const response = await fetch(`${server.url}/api/events?room=${room}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return [response.status, await response.json()] as const;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(404);
    expect((await fetch(`${server.url}/api/events`)).status).toBe(401);
    expect(rooms).toEqual([]);
    await client.close();
  });

  test.each([
    'nonsense',
    'x;lobby',
    'x;lobby=',
    'x;lobby=-1',
    'x;lobby=1,',
    'x;Lobby=1',
    'x;lobby=1 , y',
    '; DROP TABLE',
    ';lobby=1',
    '%',
    'x~',
    'x~AAAA',
    'x~!!!!!!!!',
    'x;lobby=1~AAAAAAAA',
  ])(
    'a Last-Event-ID that the server did not make (%s) is refused, as a header and in the query',
    async (lastEventId) => {
      const authorization = `Bearer ${(await startGuest(server.url, `reader ${++names}`)).token}`;
      for (const answer of [
        await fetch(`${server.url}/api/events`, { headers: { authorization, 'last-event-id': lastEventId } }),
        await fetch(`${server.url}/api/events?lastEventId=${encodeURIComponent(lastEventId)}`, {
          headers: { authorization },
        }),
      ]) {
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({
          code: 'invalid_input',
          message: expect.stringContaining('Last-Event-ID') as string,
        });
      }
    },
  );

  test('D4 the id for 500 rooms of any age is below 2 KB, passes through nginx and resumes exactly', async () => {
    await using big = await startServer({ flags: ['--limits', 'off'] });
    const guest = await startGuest(big.url, 'in many rooms');
    const writer = await transports['/ws'](big.url, { token: guest.token });
    const rooms: string[] = [];
    while (rooms.length < 498) {
      const few = Array.from({ length: 83 }, (_, index) => `room ${rooms.length + index}`);
      const made = await Promise.all(few.map((name) => call(writer, 'room.create', { name })));
      rooms.push(...made.map(({ room }) => room.id));
    }
    await writer.close();
    await big.stop();
    // As old as rooms get: nothing before the current part of their logs is left.
    const database = new Database(join(big.data, 'madang.db'));
    for (const [index, room] of rooms.entries()) {
      const head = 10 ** (index % 13);
      database.prepare('UPDATE rooms SET head = head + ?, log_start = head + ? WHERE id = ?').run(head, head, room);
    }
    database.close();
    await big.start();
    await using nginx = await startNginx([big.port, big.port]);

    const first = await openEventStream(nginx.url, { token: guest.token });
    const lastEventId = first.lastEventId();
    await first.close();
    expect(lastEventId.length).toBeLessThan(2048);
    await using client = await transports['/ws'](big.url, { token: guest.token });
    const missed: string[] = [];
    for (const room of rooms.filter((_, index) => index % 7 === 0)) {
      const { message } = await call(client, 'message.send', { room, text: 'missed' });
      missed.push(message.id);
    }
    // A room created since then is included from its beginning.
    const { room: later } = await call(client, 'room.create', { name: 'made since' });
    const again = await openEventStream(nginx.url, { token: guest.token, lastEventId });
    const isNew = ({ body }: OutboundEvent) => body['room'] === later.id && body['seq'] === 2;
    await again.events.until((all) => all.filter(isMessageOf(rooms)).length === missed.length && all.some(isNew));
    const ids = again.events.all.filter(isMessageOf(rooms)).map(({ body }) => (body['message'] as { id: string }).id);
    expect(ids.toSorted()).toEqual(missed.toSorted());
    expect(again.events.all.filter(({ name }) => name === 'room.behind')).toEqual([]);
    expect(again.lastEventId().length).toBeLessThan(2048);
    await again.close();

    // Since the stream left one of them, the id can't tell what was missed, and each room gets a room.behind.
    await call(client, 'room.leave', { room: rooms[0] as string });
    const lost = await openEventStream(nginx.url, { token: guest.token, lastEventId: again.lastEventId() });
    await lost.events.until((all) => all.filter(({ name }) => name === 'room.behind').length === 499);
    await lost.close();
  }, 90_000);

  test('every stream gets its own retry time, and is told when to reconnect when the server stops', async () => {
    await using own = await startServer({ flags: ['--reconnect-spread-ms', '8000'] });
    const { token } = await startGuest(own.url, 'told when');
    const texts = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const { body } = await fetch(`${own.url}/api/events`, { headers: { authorization: `Bearer ${token}` } });
        return { text: new Response(body).text() };
      }),
    );
    await own.stop();
    const streams = await Promise.all(texts.map(({ text }) => text));
    const retries = streams.map((text) => [...text.matchAll(/^retry: (\d+)$/gm)].map((match) => Number(match[1])));
    for (const [index, [atFirst = 0, atLast]] of retries.entries()) {
      expect(atFirst).toBeGreaterThanOrEqual(1000);
      expect(atFirst).toBeLessThanOrEqual(9000);
      expect(streams[index]).toContain(`"reconnectMs":${atLast}}`);
    }
    for (const place of [0, 1]) expect(new Set(retries.map((each) => each[place])).size).toBeGreaterThan(4);
  });

  test('D4 a cursor ahead of the log, or from another history, gets room.behind instead of silence', async () => {
    const { guest, client, rooms } = await stage(1);
    const [room] = rooms as [string];
    const id = await quickId(guest.token);
    const epoch = id.split(';')[0] as string;
    for (const lastEventId of [`${epoch};${room}=9999`, `ffffffff;${room}=1`]) {
      const stream = await openEventStream(server.url, { token: guest.token, lastEventId });
      const { body } = await stream.events.first(
        (event) => event.name === 'room.behind' && event.body['room'] === room,
      );
      expect(body['head']).toBe(2);
      await stream.close();
    }
    await client.close();
  });
});

/** The id with which a new stream begins. */
async function quickId(token: string): Promise<string> {
  const stream = await openEventStream(server.url, { token });
  await stream.close();
  return stream.lastEventId();
}

describe.each(transportNames)('the log, at %s', (transport) => {
  test('D4 log.read returns the whole log in pages of any size, each event once', async () => {
    const { guest, client, rooms } = await stage(1);
    const [room] = rooms as [string];
    for (let index = 0; index < 23; index += 1) await call(client, 'message.send', { room, text: `${index}` });
    await using reader = await transports[transport](server.url, { token: guest.token });
    for (const limit of [1, 2, 7, 24, 25, 26, 200, undefined]) {
      const seqs: number[] = [];
      for (;;) {
        const page = await call(reader, 'log.read', {
          room,
          after: seqs.at(-1) ?? 0,
          ...(limit !== undefined && { limit }),
        });
        expect(page.head).toBe(25);
        expect(page.events.length).toBeLessThanOrEqual(limit ?? 50);
        seqs.push(...page.events.map(({ seq }) => seq));
        expect(page.more).toBe(seqs.length < 25);
        if (!page.more) break;
      }
      expect(seqs, `pages of ${limit}`).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    }
    const atHead = await call(reader, 'log.read', { room, after: 25 });
    expect(atHead).toMatchObject({ events: [], head: 25, more: false });
    await client.close();
  });

  test('D4 log.read returns the same events as live delivery, with current texts', async () => {
    const { guest, client, rooms } = await stage(1);
    const [room] = rooms as [string];
    await using reader = await transports[transport](server.url, { token: guest.token });
    const { message } = await call(client, 'message.send', { room, text: 'first', clientId: 'mine' });
    await call(client, 'message.edit', { message: message.id, text: 'second' });
    await call(client, 'message.react', { message: message.id, emoji: '🎉' });
    await call(client, 'room.update', { room, topic: 'told twice' });
    const live = (all: readonly OutboundEvent[]) => all.filter(({ body }) => body['room'] === room && 'seq' in body);
    await reader.events.until((all) => live(all).length === 4);
    const { events } = await call(reader, 'log.read', { room, after: 2 });
    const told = live(reader.events.all).map(({ name, body }) => ({ type: name, ...body }));
    expect(told[0]).toMatchObject({ message: { text: 'first' } });
    expect(events[0]).toMatchObject({ message: { text: 'second' } });
    expect(JSON.parse(JSON.stringify(told).replace('first', 'second'))).toEqual(events);
    await client.close();
  });

  test('D4 sync returns what was missed in many rooms, and the state of each', async () => {
    const { guest, client, rooms } = await stage(4);
    const [behind, atHead, ahead, big] = rooms as [string, string, string, string];
    await using reader = await transports[transport](server.url, { token: guest.token });
    await call(client, 'message.send', { room: behind, text: 'missed' });
    await Promise.all(
      Array.from({ length: 205 }, (_, index) => call(client, 'message.send', { room: big, text: `${index}` })),
    );
    await using other = await transports[transport](server.url, { name: `other of ${guest.user.name}` });
    const { room: foreign } = await call(other, 'room.create', {
      name: `foreign ${names} ${transport}`,
      kind: 'private',
    });
    const cursors = { [behind]: 2, [atHead]: 2, [ahead]: 1000, [foreign.id]: 0, nosuchroom: 0, [big]: 0 };
    const answer = await call(reader, 'sync', { cursors });
    const missed = answer.rooms[behind] as { events: { type: string; seq: number }[] };
    expect(missed).toMatchObject({ head: 3, more: false });
    expect(missed.events).toHaveLength(1);
    expect(missed.events[0]).toMatchObject({ type: 'message.created', seq: 3, message: { text: 'missed' } });
    // No field of the event's own hides its type: a room has a name too.
    const { events: first } = await call(reader, 'log.read', { room: behind, after: 0, limit: 1 });
    expect(first[0]).toMatchObject({ type: 'room.created', name: expect.stringContaining('room ') as string });
    expect(answer.rooms[atHead]).toMatchObject({ events: [], head: 2, more: false });
    expect(answer.rooms[ahead]).toMatchObject({ events: [], head: 2, reset: true });
    expect(answer.rooms[foreign.id]).toEqual(answer.rooms['nosuchroom']);
    expect(answer.rooms[foreign.id]).toMatchObject({ error: { code: 'not_found' } });
    const page = answer.rooms[big] as { events: { seq: number }[]; more: boolean; head: number };
    expect(page).toMatchObject({ more: true, head: 207 });
    const rest = await call(reader, 'log.read', { room: big, after: page.events.at(-1)?.seq ?? 0, limit: 200 });
    expect([...page.events, ...rest.events].map(({ seq }) => seq)).toEqual(
      Array.from({ length: 207 }, (_, index) => index + 1),
    );

    const elsewhere = await call(reader, 'sync', { cursors: { [behind]: 1 }, epoch: 'not-ours' });
    expect(elsewhere.epoch).toBe(answer.epoch);
    expect(elsewhere.rooms[behind]).toMatchObject({ events: [], reset: true });
    expect(await call(reader, 'log.read', { room: behind, after: 1, epoch: 'not-ours' })).toMatchObject({
      reset: true,
      events: [],
    });
    expect(await call(reader, 'log.read', { room: behind, after: 1, epoch: answer.epoch })).not.toHaveProperty('reset');
    await client.close();
  });
});
