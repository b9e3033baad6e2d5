import { jsonRpcCodes } from '@madang/protocol';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { openEngineIo } from '../support/engine-io-client.ts';
import { startGuest } from '../support/guest.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { encodeFrame, openRawWebSocket, type RawWebSocket } from '../support/raw-web-socket.ts';
import { expectCleanLog, SECRET } from '../support/server-log.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterEach(async () => {
  expectCleanLog(server);
  // The server keeps working for the next client.
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
afterAll(() => server[Symbol.asyncDispose]());

describe('JSON-RPC at /ws', () => {
  const valid = { jsonrpc: '2.0', id: 1, method: 'rpc.ping' };
  // As much as a frame may contain before there is a session.
  const deep = '['.repeat(8000);

  test.each([
    ['no JSON', 'nonsense', jsonRpcCodes.parseError, null],
    ['an empty text', '', jsonRpcCodes.parseError, null],
    ['half an object', '{"jsonrpc":"2.0","id":1', jsonRpcCodes.parseError, null],
    ['deep nesting without an end', deep, jsonRpcCodes.parseError, null],
    ['deep nesting', `{"jsonrpc":${deep}${']'.repeat(8000)}}`, jsonRpcCodes.invalidRequest, null],
    ['a number', '7', jsonRpcCodes.invalidRequest, null],
    ['null', 'null', jsonRpcCodes.invalidRequest, null],
    ['a text', '"text"', jsonRpcCodes.invalidRequest, null],
    ['an empty object', '{}', jsonRpcCodes.invalidRequest, null],
    ['no version', JSON.stringify({ id: 5, method: 'room.list' }), jsonRpcCodes.invalidRequest, 5],
    ['version 1', JSON.stringify({ ...valid, jsonrpc: '1.0' }), jsonRpcCodes.invalidRequest, 1],
    ['a version that is a number', JSON.stringify({ ...valid, jsonrpc: 2 }), jsonRpcCodes.invalidRequest, 1],
    ['no method', JSON.stringify({ jsonrpc: '2.0', id: 'x' }), jsonRpcCodes.invalidRequest, 'x'],
    ['a method that is a number', JSON.stringify({ ...valid, method: 7 }), jsonRpcCodes.invalidRequest, 1],
    ['an id that is an object', JSON.stringify({ ...valid, id: {} }), jsonRpcCodes.invalidRequest, null],
    ['an id that is an array', JSON.stringify({ ...valid, id: [1] }), jsonRpcCodes.invalidRequest, null],
    ['an id that is true', JSON.stringify({ ...valid, id: true }), jsonRpcCodes.invalidRequest, null],
    ['an id of 257 characters', JSON.stringify({ ...valid, id: 'x'.repeat(255) }), jsonRpcCodes.invalidRequest, null],
    ['an unknown method', JSON.stringify({ ...valid, method: 'nosuch' }), jsonRpcCodes.methodNotFound, 1],
    ['a method of Object', JSON.stringify({ ...valid, method: 'constructor' }), jsonRpcCodes.methodNotFound, 1],
    ['params that are an array', JSON.stringify({ ...valid, method: 'room.list', params: [] }), -32602, 1],
    ['params that are a text', JSON.stringify({ ...valid, method: 'room.list', params: 'x' }), -32602, 1],
    ['params that are null', JSON.stringify({ ...valid, method: 'room.list', params: null }), -32602, 1],
    ['an empty batch', '[]', jsonRpcCodes.invalidRequest, null],
    [
      'B5 a batch that is too large',
      JSON.stringify(Array.from({ length: 101 }, () => valid)),
      jsonRpcCodes.invalidRequest,
      null,
    ],
  ])('%s is answered with its error', async (_what, text, code, id) => {
    await using client = await connectJsonRpc(server.url, undefined);
    expect(await client.exchange(text)).toMatchObject({
      jsonrpc: '2.0',
      id,
      error: { code, data: { code: 'invalid_input' } },
    });
    expect(await client.exchange(JSON.stringify({ ...valid, id: 'after' }))).toEqual({
      jsonrpc: '2.0',
      id: 'after',
      result: {},
    });
  });

  test.each(['a text', '', 0, -1, 1.5, null])('the id %j comes back unchanged', async (id) => {
    await using client = await connectJsonRpc(server.url, undefined);
    expect(await client.exchange(JSON.stringify({ ...valid, id }))).toEqual({ jsonrpc: '2.0', id, result: {} });
  });

  test.each([
    '9007199254740993',
    '-123456789012345678901234567890',
    '1e400',
    '1.0',
    '-0',
    '1E2',
    '0.1000000000000000055511151231257827',
    '"\\ud800"',
    '"\\u0041\\/\\"}],\\\\"',
    '"🎉 \u2028"',
    'null',
  ])('the id %s comes back exactly as written, from a request, a batch and an error', async (id) => {
    await using client = await connectJsonRpc(server.url, undefined);
    const texts: string[] = [];
    client.webSocket.on('message', (data: Buffer) => texts.push(data.toString()));
    const decoy = '{"id":7,"x":["}",{"id":"]"}]}';
    for (const request of [
      `{"id":${id},"jsonrpc":"2.0","method":"rpc.ping"}`,
      `{"jsonrpc":"2.0", "params" : ${decoy} ,"method":"rpc.ping","id"\n:\t${id} }`,
      `{"jsonrpc":"2.0","id":"first","id":${id},"method":"rpc.ping"}`,
      `{"jsonrpc":"2.0","\\u0069d":${id},"method":"rpc.ping"}`,
      ` [ ${decoy} ,"]", {"jsonrpc":"2.0","method":"rpc.ping","id":${id}},[{"id":1}]]`,
      `{"jsonrpc":"2.0","method":"nosuch","id":${id}}`,
      `{"jsonrpc":"1.0","method":"rpc.ping","id":${id}}`,
    ]) {
      await client.exchange(request);
      expect(texts.at(-1)).toContain(`{"jsonrpc":"2.0","id":${id},`);
    }
  });

  test.each([
    ['without an id and with params of another form', '{"jsonrpc":"2.0","method":"room.list","params":[1]}'],
    ['of a reserved method', '{"jsonrpc":"2.0","method":"rpc.ping"}'],
    ['of an unknown method', '{"jsonrpc":"2.0","method":"rpc.discover","params":null}'],
    [
      'in a batch of its kind',
      '[{"jsonrpc":"2.0","method":"nosuch"},{"jsonrpc":"2.0","method":"room.get","params":"x"}]',
    ],
  ])('a notification %s is never answered', async (_what, text) => {
    await using client = await connectJsonRpc(server.url, undefined);
    client.webSocket.send(text);
    expect(await client.exchange(JSON.stringify({ ...valid, id: 'after' }))).toMatchObject({ id: 'after' });
  });

  test('no method begins with "rpc." except rpc.ping', async () => {
    await using client = await connectJsonRpc(server.url, undefined);
    for (const method of ['rpc.discover', 'rpc.', 'rpc.ping ']) {
      expect(await client.exchange(JSON.stringify({ ...valid, method }))).toMatchObject({
        error: { code: jsonRpcCodes.methodNotFound },
      });
    }
  });

  test('a batch is answered with a batch: an answer for each request with an id, including bad ones', async () => {
    await using client = await connectJsonRpc(server.url, { name: 'batcher' });
    const send = { jsonrpc: '2.0', method: 'message.send', params: { room: 'lobby', text: 'in a batch' } };
    const answers = (await client.exchange(
      JSON.stringify([
        { ...valid, id: 'a' },
        7,
        { ...send, id: 'b' },
        send,
        [],
        { ...valid, id: 'c', method: 'nosuch' },
      ]),
    )) as { id: string; result?: unknown; error?: { code: number } }[];
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    expect(answers).toHaveLength(5);
    expect(byId.get('a')).toMatchObject({ result: {} });
    expect(byId.get('b')).toMatchObject({ result: { message: { text: 'in a batch' } } });
    expect(byId.get('c')).toMatchObject({ error: { code: jsonRpcCodes.methodNotFound } });
    expect(answers.filter(({ id, error }) => id === null && error?.code === jsonRpcCodes.invalidRequest)).toHaveLength(
      2,
    );
    // The one without an id was carried out as well.
    await client.events.until((all) => all.filter(({ name }) => name === 'message.created').length === 2);
  });

  test('B5 a batch of 100 is answered, and notifications never are', async () => {
    await using client = await connectJsonRpc(server.url, undefined);
    const notification = { jsonrpc: '2.0', method: 'nosuch' };
    client.webSocket.send(JSON.stringify(notification));
    client.webSocket.send(
      JSON.stringify([notification, { jsonrpc: '2.0', method: 'room.list', params: { limit: 'x' } }]),
    );
    const answers = await client.exchange(JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ ...valid, id }))));
    expect((answers as { id: number }[]).map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, id) => id));
  });

  test('a binary frame is answered with a readable error', async () => {
    await using client = await connectJsonRpc(server.url, undefined);
    const answer = await client.exchange(Buffer.from(JSON.stringify(valid)));
    expect(answer).toMatchObject({
      id: null,
      error: { code: jsonRpcCodes.parseError, data: { message: expect.stringContaining('Binary') as string } },
    });
  });

  test('keys named like prototype properties change nothing', async () => {
    await using client = await connectJsonRpc(server.url, { name: 'polluter' });
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const polluting = `{"jsonrpc":"2.0","id":"p","method":"room.list","params":{},"${key}":{"isAdmin":true,"limit":1,"method":"session.end"}}`;
      expect(await client.exchange(polluting)).toMatchObject({ id: 'p' });
    }
    const { rooms } = await call(client, 'room.list', {});
    expect(rooms.length).toBeGreaterThan(0);
  });
});

describe('Socket.IO and Engine.IO', () => {
  const bad = [
    ['an event that is no array', '42{}'],
    ['an event without a name', '42[]'],
    ['a name that is a number', '42[7]'],
    ['a name that is an object', '42[{"toString":1}]'],
    ['a name that is null', '42[null,{}]'],
    ['half an event', '42["message.send",{"room":'],
    ['an event with a huge ack id', '42999999999999999999["room.list",{}]'],
    ['a negative ack id', '42-1["room.list",{}]'],
    ['an ack that nobody waits for', '43999[{}]'],
    ['an ack that is no array', '431{}'],
    ['a connect twice', '40'],
    ['a connect with a text', '40"text"'],
    ['a connect with an array', '40[]'],
    ['a connect error', '44{"message":"x"}'],
    ['a disconnect with data', '41{}'],
    ['an unknown namespace', '40/admin,'],
    ['an event in an unknown namespace', '42/admin,["room.list",{}]'],
    ['a namespace named __proto__', '40/__proto__,'],
    ['a binary event without its attachment', '451-["message.send",{"_placeholder":true,"num":0}]'],
    ['a binary event with attachments that it does not have', '4599999-["x"]'],
    ['a binary event with a placeholder out of range', '450-["x",{"_placeholder":true,"num":7}]'],
    ['a binary event without a number', '45-["x"]'],
    ['an unknown packet type', '49'],
    ['an unknown Engine.IO type', '9'],
    ['Engine.IO open', '0{}'],
    ['Engine.IO upgrade', '5'],
    ['Engine.IO ping with data', '2probe'],
    ['Engine.IO pong unasked', '3'],
    ['an empty frame', ''],
    ['deep nesting', `42["message.send",${'['.repeat(30_000)}${']'.repeat(30_000)}]`],
    ['keys of prototypes', `42["message.send",{"__proto__":{"room":"lobby","text":"${SECRET}"}}]`],
    ...[
      'error',
      'disconnect',
      'disconnecting',
      'connect',
      'connect_error',
      'newListener',
      'removeListener',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'message.created',
      'session.started',
      '',
      ' ',
      '\u0000',
    ].map((name) => [
      `the event ${JSON.stringify(name)}`,
      `42["${name.replace('\0', String.raw`\u0000`)}",{"room":"lobby"}]`,
    ]),
  ] as [string, string][];

  describe.each([
    ['before', false],
    ['after', true],
  ])('%s the namespace is open', (_when, isConnected) => {
    test.each(bad)('%s harms no more than its connection', async (_what, packet) => {
      await using client = await openEngineIo(server.port, { isConnected });
      client.send(packet);
      client.send('427["session.get",{}]');
      // Either it is closed, or it still answers (or waits for the namespace to be opened).
      const answered = client.texts.first((text) => text.startsWith('437['), 500).catch(() => 'silent');
      const ended = await Promise.race([answered, client.closeCode]);
      expect(ended).toBeDefined();
      await using next = await openEngineIo(server.port);
      next.send('421["session.get",{}]');
      expect(await next.texts.first((text) => text.startsWith('431['))).toContain('unauthenticated');
    });
  });

  test('an unknown event gets a readable error where an answer is requested', async () => {
    await using client = await openEngineIo(server.port);
    for (const name of ['nosuch', '__proto__', 'constructor', 'message.created']) {
      client.send(`425["${name}",{}]`);
      await client.texts.first(
        (text) => text.startsWith('435[{"error":{"code":"invalid_input"') && text.includes(name),
      );
    }
  });

  test.each([
    ['an attachment', '451-8["message.send",{"_placeholder":true,"num":0}]', '438'],
    ['9999 attachments', '459999-9["message.send",{"room":"lobby","text":{"_placeholder":true,"num":0}}]', '439'],
    ['no attachment', '450-7["message.send",{"room":"lobby","text":"binary"}]', '437'],
    ['attachments of an answer', '469999-6[{}]', undefined],
    ['attachments and no ack', '459999-["message.send",{"room":"lobby"}]', undefined],
  ])(
    'an event that announces %s is refused with a readable error, and nothing is waited for',
    async (_what, packet, answer) => {
      await using client = await openEngineIo(server.port);
      client.send(packet);
      if (answer) expect(await client.texts.first((text) => text.startsWith(answer))).toContain('invalid_input');
      expect(await client.closeCode).toBe(1002);
    },
  );

  const handshake = '/socket.io/?EIO=4&transport=polling';
  test.each([
    ['GET', '/socket.io/', '', 400],
    ['GET', '/socket.io/?EIO=4', '', 400],
    ['GET', '/socket.io/?EIO=3&transport=polling', '', 400],
    ['GET', '/socket.io/?EIO=4&transport=nosuch', '', 400],
    ['GET', '/socket.io/?EIO=4&transport=__proto__', '', 400],
    ['GET', '/socket.io/?EIO=4&transport=constructor', '', 400],
    ['GET', `${handshake}&sid=nosuch`, '', 400],
    ['GET', `${handshake}&sid=__proto__`, '', 400],
    ['POST', `${handshake}&sid=nosuch`, '4', 400],
    ['POST', handshake, '40', 400],
    ['PUT', handshake, '', 405],
    ['DELETE', handshake, '', 405],
  ])('%s %s is answered with an error', async (method, path, body, status) => {
    const response = await fetch(`${server.url}${path}`, { method, ...(body && { body }) });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['garbage', 'garbage'],
    ['an empty body', ''],
    ['an unknown packet', '9'],
    ['a half packet', '42["message.send"'],
    ['many separators', '\u001e'.repeat(1000)],
    ['too much', 'x'.repeat(100_000)],
  ])('polling: a POST of %s harms no more than its connection', async (_what, body) => {
    const open = await (await fetch(`${server.url}${handshake}`)).text();
    const { sid } = JSON.parse(open.slice(1)) as { sid: string };
    const response = await fetch(`${server.url}${handshake}&sid=${sid}`, { method: 'POST', body });
    expect(response.status).toBeLessThan(500);
    expect(await response.text()).not.toMatch(/\n\s+at /);
  });

  test('polling: a second GET while one waits, and a WebSocket with another session’s sid, harm no more than that connection', async () => {
    const open = await (await fetch(`${server.url}${handshake}`)).text();
    const { sid } = JSON.parse(open.slice(1)) as { sid: string };
    const url = `${server.url}${handshake}&sid=${sid}`;
    const polls = await Promise.all([fetch(url), fetch(url)]);
    for (const poll of polls) expect(poll.status).toBeLessThan(500);
    await expect(openRawWebSocket(server.port, `/socket.io/?EIO=4&transport=websocket&sid=nosuch`)).rejects.toThrow(
      '400',
    );
    await expect(openRawWebSocket(server.port, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`)).rejects.toThrow();
  });
});

describe.each(['/ws', '/', '/socket.io/?EIO=4&transport=websocket'])('WebSocket frames at %s', (path) => {
  const utf8 = Buffer.from([0xc3, 0x28]);
  test.each<[string, number, (client: RawWebSocket) => void]>([
    ['a frame over 64 KiB', 1009, (client) => client.send('x'.repeat(65_537))],
    [
      'a message over 64 KiB in fragments',
      1009,
      (client) => {
        client.send('x'.repeat(40_000), { fin: false });
        client.send('x'.repeat(40_000), { opcode: 0 });
      },
    ],
    ['a length of 2^63', 1009, (client) => client.socket.write(Buffer.from('81ff7fffffffffffffff00000000', 'hex'))],
    ['an unmasked frame', 1002, (client) => client.send('hi', { masked: false })],
    ['a reserved bit', 1002, (client) => client.send('hi', { rsv: 4 })],
    ['a reserved opcode', 1002, (client) => client.send('hi', { opcode: 3 })],
    ['a reserved control opcode', 1002, (client) => client.send('hi', { opcode: 11 })],
    ['a ping that is too long', 1002, (client) => client.send('x'.repeat(126), { opcode: 9 })],
    ['a ping in fragments', 1002, (client) => client.send('x', { opcode: 9, fin: false })],
    ['a continuation of nothing', 1002, (client) => client.send('x', { opcode: 0 })],
    [
      'a new message within one',
      1002,
      (client) => {
        client.send('x', { fin: false });
        client.send('y');
      },
    ],
    ['text that is not UTF-8', 1007, (client) => client.send(utf8)],
    [
      'a close with a code that nobody may send',
      1002,
      (client) => client.send(Buffer.from([0x03, 0xed]), { opcode: 8 }),
    ],
    ['a close with a code of one byte', 1002, (client) => client.send(Buffer.from([0x03]), { opcode: 8 })],
    [
      'a close with a reason that is not UTF-8',
      1007,
      (client) => client.send(Buffer.concat([Buffer.from([0x03, 0xe8]), utf8]), { opcode: 8 }),
    ],
  ])('%s closes the connection with %i', async (_what, code, send) => {
    await using client = await openRawWebSocket(server.port, path);
    send(client);
    const closed = await client.closeCode;
    // Engine.IO closes without sending the code.
    expect(path.startsWith('/socket.io') ? [code, 0, 1000, 1005] : [code]).toContain(closed);
  });

  test('a message of exactly 64 KiB, and one in a thousand fragments, are accepted', async () => {
    const { token } = await startGuest(server.url, `large at ${path.slice(0, 4)}`);
    await using client = await openRawWebSocket(server.port, path, [`Authorization: Bearer ${token}`]);
    client.send('x'.repeat(65_536));
    for (let index = 0; index < 1000; index += 1) client.send('', { opcode: index === 0 ? 1 : 0, fin: false });
    client.send('', { opcode: 0 });
    client.send('ping', { opcode: 9 });
    const frame = path.startsWith('/socket.io')
      ? await Promise.race([client.closeCode, client.frames.first(({ opcode }) => opcode === 10)])
      : await client.frames.first(({ opcode }) => opcode === 10);
    expect(frame).toBeDefined();
  });

  test('a client that disconnects in the middle of a frame or the handshake leaves nothing behind', async () => {
    const cut = await openRawWebSocket(server.port, path);
    cut.socket.write(encodeFrame(Buffer.from('x'.repeat(1000)), {}).subarray(0, 500));
    cut.socket.resetAndDestroy();
    const early = connect(server.port, 'localhost');
    await once(early, 'connect');
    early.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: webs`);
    early.resetAndDestroy();
    await using client = await transports['/ws'](server.url, { name: `after ${path.slice(0, 4)}` });
    await call(client, 'message.send', { room: 'lobby', text: SECRET });
  });
});

test.each([
  ['an unknown path', 'GET /nosuch HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade', 404],
  ['another protocol', 'GET /ws HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade', 426],
  ['no key', 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13', 400],
  [
    'version 7',
    'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 7\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    400,
  ],
  [
    'a POST',
    'POST /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    405,
  ],
])('an upgrade with %s is answered with an error', async (_what, request, status) => {
  const socket = connect(server.port, 'localhost');
  await once(socket, 'connect');
  socket.write(`${request}\r\nHost: localhost\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain(`HTTP/1.1 ${status}`);
  socket.destroy();
});
