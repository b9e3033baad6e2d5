import { type CommandOutput, commands, type ErrorCode } from '@madang/protocol';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { Disposables } from '../support/disposables.ts';
import { transportNames, transports } from '../support/transports.ts';
import { openEventStream } from '../support/event-stream.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { openRawWebSocket } from '../support/raw-web-socket.ts';
import { expectCleanLog, SECRET } from '../support/server-log.ts';
import { connectSocketIo } from '../support/socket-io-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

const cli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

type Trace = CommandOutput<'delivery.trace'>;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off', '--send-buffer-bytes', '65536', '--log-level', 'debug'] });
});
afterAll(async () => {
  expectCleanLog(server);
  expect(server.output()).not.toContain(operatorToken());
  await server[Symbol.asyncDispose]();
});

function operatorToken(of = server): string {
  return readFileSync(join(of.data, 'operator-token'), 'utf8').trim();
}

/** Calls a command over HTTP with a token. */
async function ask(method: string, path: string, token?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/api${path}`, {
    method,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(method === 'POST' && { body: '{}' }),
  });
  return { status: response.status, body: await response.json() };
}

/** A trace, as the operator gets it. It must match the protocol's schema and contain no text of a message. */
async function trace(message: string, user: string): Promise<Trace> {
  const query = new URLSearchParams({ message, user });
  const { status, body } = await ask('GET', `/trace?${query.toString()}`, operatorToken());
  expect({ status, body }).toMatchObject({ status: 200 });
  expect(JSON.stringify(body)).not.toContain(SECRET);
  expect(JSON.stringify(body)).not.toContain('"text"');
  expect(commands['delivery.trace'].output.parse(body)).toEqual(body);
  return body as Trace;
}

/** A guest who creates a room and sends messages to it. */
async function speakerIn(kind: 'public' | 'private', name: string) {
  const client = await transports['/ws'](server.url, { name });
  const { room } = await call(client, 'room.create', { name: `room of ${name}`, kind });
  const say = async (): Promise<CommandOutput<'message.send'>['message']> =>
    (await call(client, 'message.send', { room: room.id, text: `${SECRET} words` })).message;
  return { client, room: room.id, say, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

/** A guest who is a member of a speaker's room, but not connected. */
async function memberOf(speaker: { client: TransportClient; room: string }, name: string): Promise<Guest> {
  const guest = await startGuest(server.url, name);
  await call(speaker.client, 'room.invite', { room: speaker.room, user: guest.user.id });
  return guest;
}

describe('a trace shows', () => {
  test('every connection that a member had, at any transport, and when the event was sent to them', async () => {
    await using open = new Disposables();
    const speaker = open.use(await speakerIn('public', 'speaker two transports'));
    const { user, token } = await memberOf(speaker, 'at two transports');
    const first = open.use(await transports['Socket.IO'](server.url, { token }));
    const second = open.use(await transports['/ws'](server.url, { token }));
    const stream = await openEventStream(server.url, { token, room: 'lobby' });
    const message = await speaker.say();
    await Promise.all([first, second].map(({ events }) => events.first(({ name }) => name === 'message.created')));
    await stream.close();
    await first.close();
    // The server sees its end a moment later.
    await expect.poll(async () => (await trace(message.id, user.id)).connections[0]?.until).toBeTypeOf('number');

    const { connections, reason, member, read, ...traced } = await trace(message.id, user.id);
    expect(traced.message).toEqual({
      id: message.id,
      room: speaker.room,
      seq: message.seq,
      at: message.at,
      author: message.author,
    });
    expect(traced.user).toEqual({ id: user.id, name: 'at two transports' });
    expect(connections.map(({ transport }) => transport)).toEqual(['socket.io', 'websocket', 'event-stream']);
    for (const { since, sentAt } of connections.slice(0, 2)) {
      expect(since).toBeLessThanOrEqual(message.at);
      expect(sentAt).toBeGreaterThanOrEqual(message.at);
      expect(sentAt).toBeLessThan(message.at + 5000);
    }
    expect(connections[2]).toMatchObject({ skipped: 'other_room' });
    expect(connections[1]).not.toHaveProperty('until');
    expect(member.joinedAt).toBeLessThanOrEqual(message.at);
    expect([reason, read]).toEqual([undefined, undefined]);
  });

  test('a user who was offline: since when, and when they came back', async () => {
    await using speaker = await speakerIn('public', 'speaker offline');
    const { user, token } = await memberOf(speaker, 'offline');
    const never = await speaker.say();
    const before = Date.now();
    await (await transports['/ws'](server.url, { token })).close();
    await expect.poll(async () => (await trace(never.id, user.id)).backAt).toBeGreaterThanOrEqual(before);
    expect(await trace(never.id, user.id)).toMatchObject({ connections: [], reason: 'offline' });

    await expect.poll(async () => (await trace((await speaker.say()).id, user.id)).reason).toBe('offline');
    const message = await speaker.say();
    const away = await trace(message.id, user.id);
    expect(away.lastSeen).toBeGreaterThanOrEqual(before);
    expect(away.lastSeen).toBeLessThanOrEqual(message.at);
    expect(away.backAt).toBeUndefined();

    await using back = await transports['/ws'](server.url, { token });
    const later = await trace(message.id, user.id);
    expect(later).toMatchObject({ connections: [], reason: 'offline', lastSeen: away.lastSeen });
    expect(later.backAt).toBeGreaterThanOrEqual(message.at);
    expect((await trace((await speaker.say()).id, user.id)).connections).toHaveLength(1);
    expect(back.transport).toBe('websocket');
  });

  test('users who left before it, left after it, came back, or joined later', async () => {
    await using speaker = await speakerIn('public', 'speaker leaving');
    const { user, token } = await memberOf(speaker, 'leaver');
    await using leaver = await transports['/ws'](server.url, { token });
    const heard = await speaker.say();
    await call(leaver, 'room.leave', { room: speaker.room });
    const missed = await speaker.say();
    const left = await trace(missed.id, user.id);
    expect(left).toMatchObject({ connections: [], reason: 'left' });
    expect(left.member.leftAt).toBeGreaterThanOrEqual(heard.at);
    expect(left.member.leftAt).toBeLessThanOrEqual(missed.at);
    expect(left.member).not.toHaveProperty('joinedAt');

    const hadIt = await trace(heard.id, user.id);
    expect(hadIt.connections).toMatchObject([{ transport: 'websocket', sentAt: expect.any(Number) as number }]);
    expect(hadIt.member.leftAt).toBe(left.member.leftAt);
    expect(hadIt.member.joinedAt).toBeLessThanOrEqual(heard.at);

    await call(leaver, 'room.join', { room: speaker.room });
    const back = await trace(missed.id, user.id);
    expect(back.reason).toBe('left');
    expect(back.member.joinedAt).toBeGreaterThanOrEqual(missed.at);
    expect((await trace(heard.id, user.id)).member).toEqual(hadIt.member);
    expect((await trace((await speaker.say()).id, user.id)).connections).toHaveLength(1);

    const late = await memberOf(speaker, 'too late');
    const early = await trace(missed.id, late.user.id);
    expect(early).toMatchObject({ connections: [], reason: 'not_a_member' });
    expect(early.member.joinedAt).toBeGreaterThanOrEqual(missed.at);
  });

  test('a connected user who is not a member of a private room', async () => {
    await using speaker = await speakerIn('private', 'speaker private');
    const { user, token } = await startGuest(server.url, 'outsider');
    await using _outsider = await transports['/ws'](server.url, { token });
    const { id } = await speaker.say();
    expect(await trace(id, user.id)).toMatchObject({ connections: [], reason: 'not_a_member', member: {} });
  });

  test('a connection that was behind, and when it was told to read the log', async () => {
    await using speaker = await speakerIn('public', 'speaker behind');
    const { user, token } = await memberOf(speaker, 'slow');
    await using slow = await openRawWebSocket(server.port, '/ws', [`Authorization: Bearer ${token}`]);
    slow.send('{"jsonrpc":"2.0","id":1,"method":"session.get"}');
    await slow.texts.first((text) => text.includes('"id":1'));
    const first = await speaker.say();
    slow.socket.pause();
    const text = SECRET.padEnd(8000, 'x');
    // More than the kernel's buffers and the send buffer can hold.
    for (let sent = 0; sent < 12 * 1024 * 1024; sent += 20 * text.length) {
      const flood = Array.from({ length: 20 }, () =>
        call(speaker.client, 'message.send', { room: speaker.room, text }),
      );
      await Promise.all(flood);
    }
    const missed = await speaker.say();
    const behind = await trace(missed.id, user.id);
    expect(behind.connections).toMatchObject([{ transport: 'websocket', skipped: 'behind' }]);
    expect(behind.connections[0]).not.toHaveProperty('sentAt');
    expect(behind.connections[0]).not.toHaveProperty('toldAt');
    expect(behind.reason).toBeUndefined();

    slow.socket.resume();
    await slow.texts.first((each) => each.includes('room.behind'));
    const told = await trace(missed.id, user.id);
    expect(told.connections).toMatchObject([{ skipped: 'behind', toldAt: expect.any(Number) as number }]);
    expect(told.connections[0]?.toldAt).toBeGreaterThanOrEqual(missed.at);
    const live = await speaker.say();
    await slow.texts.first((each) => each.includes(`"seq":${live.seq},`));
    for (const { id } of [first, live]) {
      expect((await trace(id, user.id)).connections).toMatchObject([{ sentAt: expect.any(Number) as number }]);
    }
  });

  test('how far a user has read, and since when', async () => {
    await using speaker = await speakerIn('public', 'speaker read');
    const { user, token } = await memberOf(speaker, 'reader');
    await using reader = await transports['/ws'](server.url, { token });
    const [one, two] = [await speaker.say(), await speaker.say()];
    const before = Date.now();
    await call(reader, 'read.mark', { room: speaker.room, seq: one.seq });
    const { read } = await trace(two.id, user.id);
    expect(read?.seq).toBe(one.seq);
    expect(read?.at).toBeGreaterThanOrEqual(before);
    // A read mark never goes back, and a repeat doesn't make it newer.
    await call(reader, 'read.mark', { room: speaker.room, seq: one.seq });
    expect((await trace(one.id, user.id)).read).toEqual(read);
    await call(reader, 'read.mark', { room: speaker.room, seq: two.seq });
    expect((await trace(two.id, user.id)).read?.seq).toBe(two.seq);
  });

  test('a message that was deleted', async () => {
    await using speaker = await speakerIn('public', 'speaker deleting');
    const { user } = await memberOf(speaker, 'too late to read');
    const { id, at } = await speaker.say();
    await call(speaker.client, 'message.delete', { message: id });
    expect((await trace(id, user.id)).message.deletedAt).toBeGreaterThanOrEqual(at);
  });

  test('what is unknown: messages from before a start', async () => {
    await using own = await startServer();
    const { user, token } = await startGuest(own.url, 'restarted');
    await using client = await transports.HTTP(own.url, { token });
    const { message } = await call(client, 'message.send', { room: 'lobby', text: 'kept' });
    await client.close();
    await own.stop();
    await own.start();
    await using operator = await connectJsonRpc(own.url, { token: operatorToken(own) });
    const answer = await call(operator, 'delivery.trace', { message: message.id, user: user.id });
    expect(answer).toMatchObject({ connections: [], reason: 'unknown' });
  });
});

/** How the operator authenticates at each transport: with a header, the only way in which the token is accepted. */
const operatorAt: Record<
  (typeof transportNames)[number],
  (headers: Record<string, string>) => Promise<TransportClient>
> = {
  'Socket.IO': (extraHeaders) => connectSocketIo(server.url, undefined, { transports: ['websocket'], extraHeaders }),
  'Socket.IO polling': (extraHeaders) =>
    connectSocketIo(server.url, undefined, { transports: ['polling'], extraHeaders }),
  '/ws': (headers) => connectJsonRpc(server.url, undefined, headers),
  HTTP: (headers) => transports.HTTP(server.url, 'authorization' in headers ? { token: operatorToken() } : undefined),
};

describe.each(transportNames)('at %s', (transport) => {
  const nowhere = { message: 'lobby.999999', user: 'nobody' };

  test('the operator may ask for a trace, and nothing else', async () => {
    await using guest = await transports[transport](server.url, { name: `asker ${transport}` });
    const { message } = await call(guest, 'message.send', { room: 'lobby', text: SECRET });
    await using operator = await operatorAt[transport]({ authorization: `Bearer ${operatorToken()}` });
    const of = { message: message.id, user: message.author.id };
    expect((await call(operator, 'delivery.trace', of)).message.id).toBe(message.id);
    expect(await call(operator, 'session.get', {})).toMatchObject({ user: { kind: 'operator' }, rooms: [] });
    expect(await outcome(operator, 'delivery.trace', nowhere)).toBe('not_found');
    expect(await outcome(operator, 'delivery.trace', { ...of, user: 'nobody' })).toBe('not_found');
    const refused = {
      'session.end': {},
      'user.update': { name: 'boss' },
      'room.create': { name: 'mine' },
      'room.list': {},
      'room.get': { room: 'lobby' },
      'room.join': { room: 'lobby' },
      'message.send': { room: 'lobby', text: 'hi' },
      'message.delete': { message: message.id },
      'message.list': { room: 'lobby' },
      'log.read': { room: 'lobby', after: 0 },
      'member.list': { room: 'lobby' },
      'direct.open': { user: message.author.id },
      'presence.set': { presence: 'online' },
      sync: { cursors: { lobby: 0 } },
    };
    for (const [name, input] of Object.entries(refused)) {
      expect(`${name} ${await outcome(operator, name, input)}`).toBe(`${name} forbidden`);
    }
  });

  test('a guest may not, and neither may a caller without a session', async () => {
    await using guest = await transports[transport](server.url, { name: `curious ${transport}` });
    await using nobody = await operatorAt[transport]({});
    for (const [client, code] of [
      [guest, 'forbidden'],
      [nobody, 'unauthenticated'],
    ] satisfies [TransportClient, ErrorCode][]) {
      expect(await outcome(client, 'delivery.trace', nowhere)).toBe(code);
    }
  });
});

describe('the operator', () => {
  test('is in no room and visible to nobody, and nobody can become the operator', async () => {
    await using guest = await transports['/ws'](server.url, { name: 'watching' });
    await using _operator = await connectJsonRpc(server.url, { token: operatorToken() });
    const { members } = await call(guest, 'member.list', { room: 'lobby', limit: 200 });
    expect(members.filter(({ user }) => user.id === 'operator')).toEqual([]);
    expect(await outcome(guest, 'direct.open', { user: 'operator' })).toBe('not_found');
    expect(await outcome(guest, 'room.invite', { room: 'lobby', user: 'operator' })).toBe('not_found');
    await call(guest, 'message.send', { room: 'lobby', text: 'after all' });
    expect(guest.events.all.filter(({ body }) => JSON.stringify(body).includes('"operator"'))).toEqual([]);
  });

  test('authenticates by header only: the token starts no session and is no cookie', async () => {
    await using client = await transports['/ws'](server.url, undefined);
    expect(await outcome(client, 'session.start', { token: operatorToken() })).toBe('unauthenticated');
    const { cookieName } = await startGuest(server.url, 'with a cookie');
    const response = await fetch(`${server.url}/api/session`, {
      headers: { cookie: `${cookieName}=${operatorToken()}`, origin: server.url },
    });
    expect(response.status).toBe(401);
    expect((await ask('GET', '/session', `${operatorToken().slice(0, -1)}!`)).status).toBe(401);
    expect((await ask('GET', '/session', '')).status).toBe(401);
  });

  test('has a token that only the server’s user can read, which persists, and is replaced if others could read it', async () => {
    using folder = tempFolder();
    const file = join(folder.path, 'operator-token');
    await using own = await startServer({ data: folder.path });
    const first = operatorToken(own);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await own.stop();
    await own.start();
    expect(operatorToken(own)).toBe(first);
    await own.stop();
    chmodSync(file, 0o644);
    await own.start();
    const second = operatorToken(own);
    expect(second).not.toBe(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await own.stop();
    writeFileSync(file, 'guess', { mode: 0o600 });
    await own.start();
    expect(operatorToken(own)).toMatch(/^[\w-]{43}$/);
  });
});

/** Runs `madang trace`. */
function run(args: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, LC_ALL: '', LC_MESSAGES: '', LANG: 'C', ...env } };
    execFile(process.execPath, [cli, 'trace', ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

describe('madang trace', () => {
  const where = () => ['--data', server.data, '--port', String(server.port)];

  test('answers in a few lines, in the language of the terminal, or as JSON', async () => {
    await using speaker = await speakerIn('public', 'speaker cli');
    const { user, token } = await memberOf(speaker, 'asked for');
    await using reader = await transports['/ws'](server.url, { token });
    const message = await speaker.say();
    await call(reader, 'read.mark', { room: speaker.room, seq: message.seq });
    const ids = [message.id, user.id];

    const english = await run([...ids, ...where()]);
    expect(english).toMatchObject({ code: 0, err: '' });
    expect(english.out).toMatch(
      /^\S+ by speaker cli, \S+ \S+\nasked for: a member since .*\n {2}websocket \(from .*\): sent, \d+ ms after\nread: \S+ \S+\n$/,
    );
    const korean = await run([...ids, '--data', server.data, '--url', `${server.url}/`], { LANG: 'ko_KR.UTF-8' });
    expect(korean.out).toMatch(
      /보낸 사람 speaker cli.*\nasked for: .*부터 참여자\n {2}websocket \(.*\): 보냄, \d+ ms 뒤\n읽음: /,
    );
    const json = await run([...ids, '--json', ...where()]);
    expect(JSON.parse(json.out)).toEqual(await trace(message.id, user.id));
    expect(english.out + korean.out + json.out).not.toContain(SECRET);
  });

  test('says in one plain sentence why it can’t', async () => {
    const guest = await startGuest(server.url, 'asked about');
    const { id } = guest.user;
    using empty = tempFolder();
    using foreign = tempFolder();
    writeFileSync(join(foreign.path, 'operator-token'), 'x'.repeat(43));
    const port = String(server.port);
    const cases: [string[], RegExp][] = [
      [['lobby.999999', id, ...where()], /There is no such message\.$/],
      [['lobby', id, ...where()], /message: must be a message id\.$/],
      [['lobby.1', 'nobody', ...where()], /There is no such message\.$/],
      [['lobby.2', id, '--data', empty.path, '--port', port], /operator-token can't be read .* --data/],
      [['lobby.2', id, '--data', foreign.path, '--port', port], /does not accept the token/],
      [['lobby.2', id, '--data', server.data, '--port', '1'], /No server answers at http:\/\/localhost:1 /],
      [['lobby.2', id, '--data', server.data, '--url', 'nonsense'], /No server answers at nonsense/],
    ];
    for (const [args, words] of cases) {
      const { code, out, err } = await run(args);
      expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
      expect(err.trim()).toMatch(words);
      expect(err).toMatch(/^madang: /);
    }
  });
});
