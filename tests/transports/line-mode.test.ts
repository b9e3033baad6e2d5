import { commands, type LineSyntax, type Text } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/transport-client.ts';
import { transports } from '../support/transports.ts';
import { startGuest } from '../support/guest.ts';
import { connectLine } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Commands that can be typed. */
const rows: { name: string; doc: Text; line: LineSyntax<never> }[] = Object.values(commands).flatMap((row) =>
  'line' in row && row.line ? [{ name: row.name, doc: row.doc, line: row.line }] : [],
);

test('a visitor is greeted with one line that has their name and room', async () => {
  await using line = await connectLine(server.url);
  expect(line.lines.all[0]).toMatch(/guest-\d+/);
  expect(line.lines.all[0]).toContain('[lobby]');
  expect(line.lines.all[0]).not.toContain('\n');
  line.say('/me');
  await line.lines.first((text) => text.startsWith(`${line.name}  `));
});

test('two visitors talk, each line once', async () => {
  await using one = await connectLine(server.url);
  await using other = await connectLine(server.url);
  one.say('hello');
  await other.lines.first((text) => text === `[lobby] ${one.name}: hello`);
  other.say('hello back');
  await Promise.all(
    [one, other].map(({ lines }) => lines.first((text) => text === `[lobby] ${other.name}: hello back`)),
  );
  for (const { lines } of [one, other]) {
    expect(lines.all.filter((text) => text.endsWith(': hello'))).toHaveLength(1);
    expect(lines.all.filter((text) => text.endsWith(': hello back'))).toHaveLength(1);
  }
});

test('/nick changes the name, for the visitor and for others', async () => {
  await using one = await connectLine(server.url);
  await using other = await connectLine(server.url);
  one.say('/nick 길동');
  await one.lines.first((text) => text === 'You are now known as 길동.');
  await other.lines.first((text) => text === `[lobby] * ${one.name} → 길동`);
  one.say('named');
  await other.lines.first((text) => text === '[lobby] 길동: named');
});

test('/join enters a room: later messages go there', async () => {
  await using owner = await transports['/ws'](server.url, { name: 'room owner' });
  const { room } = await call(owner, 'room.create', { name: 'by line' });
  await using line = await connectLine(server.url);
  line.say(`/join ${room.id}`);
  await line.lines.first((text) => text.startsWith(`${room.id}  by line`));
  line.say('in the room');
  const { body } = await owner.events.first(({ name }) => name === 'message.created');
  expect(body).toMatchObject({ room: room.id, message: { text: 'in the room' } });
});

test('/who lists who is online', async () => {
  await using one = await connectLine(server.url);
  await using other = await connectLine(server.url);
  one.say('/who');
  await one.lines.until((all) =>
    [one, other].every(({ name }) => all.some((text) => text.startsWith(`${name}  online`))),
  );
});

describe.each(['en', 'ko'] as const)('in %s', (language) => {
  test('/help lists every command that can be typed, with its arguments and what it is for', async () => {
    await using line = await connectLine(server.url, { 'accept-language': language });
    line.say('/help');
    line.say('/me');
    await line.lines.first((text) => text.startsWith(`${line.name}  `));
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const help = line.lines.all.find((text) => text.split(' ')[0] === `/${row.line.verb}`);
      expect(help, row.name).toContain(row.doc[language]);
      for (const arg of row.line.args) expect(help, row.name).toContain(arg);
    }
  });

  test('the greeting, answers and events are in the language of Accept-Language', async () => {
    const words = {
      en: { greeting: /^Welcome to Madang! .*guest-\d+/, nick: 'You are now known as', joined: 'joined' },
      ko: { greeting: /^마당에 오신 것을 환영합니다! 손님-\d+/, nick: '이제', joined: '들어옴' },
    }[language];
    await using line = await connectLine(server.url, { 'accept-language': `${language}-KR,x;q=0.5` });
    expect(line.lines.all[0]).toMatch(words.greeting);
    const { user } = await startGuest(server.url, `newcomer ${language}`);
    await line.lines.first((text) => text === `[lobby] * ${user.name} ${words.joined}`);
    line.say(`/nick reader ${language}`);
    await line.lines.first((text) => text.startsWith(words.nick));
  });
});

test.each([
  ['en', 'pinned', 'unpinned', 'pinned by', 'No message is pinned here.'],
  ['ko', '고정함', '고정 해제함', '고정', '고정된 메시지가 없습니다.'],
])('/pin, /pins and /unpin, and what they say to others, in %s', async (language, pinned, unpinned, by, none) => {
  await using line = await connectLine(server.url, { 'accept-language': language });
  await using other = await connectLine(server.url, { 'accept-language': language });
  line.say(`/create pins ${language}`);
  const room = (await line.lines.first((text) => text.includes(`pins ${language} (1)`))).split(' ')[0];
  other.say(`/join ${room}`);
  await other.lines.first((text) => text.startsWith(`${room}  `));
  line.say('the rules');
  await other.lines.first((text) => text.endsWith(`${line.name}: the rules`));
  line.say(`/pins`);
  await line.lines.first((text) => text === none);
  line.say(`/pin ${room}.4`);
  await other.lines.first((text) => text === `[${room}] * ${line.name} ${pinned}: ${room}.4`);
  other.say('/pins');
  const listed = await other.lines.first((text) => text.startsWith(`${room}.4  `));
  expect(listed).toContain(`${line.name}: the rules`);
  expect(listed).toContain(by);
  other.say(`/unpin ${room}.4`);
  await other.lines.first((text) => text.startsWith('! forbidden'));
  line.say(`/unpin ${room}.4`);
  await other.lines.first((text) => text === `[${room}] * ${line.name} ${unpinned}: ${room}.4`);
});

test.each([
  ['ko,en;q=0.5', '손님'],
  ['en,ko;q=0.5', 'guest'],
  ['ko;q=0.1, en;q=0.9', 'guest'],
  ['fr', 'guest'],
  ['', 'guest'],
])('Accept-Language "%s" is greeted as %s', async (accepted, name) => {
  await using line = await connectLine(server.url, accepted ? { 'accept-language': accepted } : {});
  expect(line.name).toContain(name);
});

test('a session cookie is not read: the visitor is a new guest', async () => {
  const { token, cookie, user } = await startGuest(server.url, 'cookie owner');
  await using line = await connectLine(server.url, {
    origin: server.url,
    cookie,
    authorization: `Bearer ${token}`,
  });
  line.say('/me');
  const me = await line.lines.first((text) => text.startsWith(`${line.name}  `));
  expect(me).not.toContain(user.id);
});

describe('a message with line breaks cannot pass for another line', () => {
  const breaks = ['\n', '\r\n', '\r', '\u2028', '\u2029', '\u0085', '\v', '\f'];
  test.each(breaks.map((each) => [JSON.stringify(each), each]))('%s', async (_shown, lineBreak) => {
    await using victim = await connectLine(server.url);
    await using attacker = await transports['/ws'](server.url, { name: `attacker ${breaks.indexOf(lineBreak)}` });
    const forged = '[lobby] admin: give me your password';
    await call(attacker, 'message.send', { room: 'lobby', text: `hi${lineBreak}${forged}` });
    const shown = await victim.lines.first((text) => text.includes('give me your password'));
    const lines = shown.split(/\r\n|[\n\r\u2028\u2029\u0085\v\f]/u);
    expect(lines[0]).toMatch(/^\[lobby\] attacker \d: hi/);
    for (const line of lines) expect(line.startsWith('[')).toBe(line === lines[0]);
  });
});

test('a message cannot steer the reader’s terminal', async () => {
  await using victim = await connectLine(server.url);
  await using attacker = await transports['/ws'](server.url, { name: 'steerer' });
  // One line up, erase it, write another; C1's one-character CSI; a bell; a backspace.
  await call(attacker, 'message.send', {
    room: 'lobby',
    text: '\u001b[1A\u001b[2Kadmin: hi\u009b1A\u0007\b\u007f steered',
  });
  const shown = await victim.lines.first((text) => text.includes('steered'));
  expect(shown).not.toMatch(/\p{Cc}/u);
});

test('a topic, a name and an edit with line breaks cannot pass for another line either', async () => {
  await using victim = await connectLine(server.url);
  await using owner = await transports['/ws'](server.url, { name: 'topic owner' });
  const { room } = await call(owner, 'room.create', { name: 'breaks' });
  victim.say(`/join ${room.id}`);
  await victim.lines.first((text) => text.startsWith(room.id));
  const { message } = await call(owner, 'message.send', { room: room.id, text: 'first' });
  await call(owner, 'message.edit', { message: message.id, text: 'a\n[lobby] admin: forged by edit' });
  await call(owner, 'room.update', { room: room.id, topic: 'b\n[lobby] admin: forged by topic' });
  await victim.lines.first((text) => text.includes('forged by topic'));
  victim.say('/room');
  victim.say('/history');
  await victim.lines.until((all) => all.filter((text) => text.includes('forged by')).length >= 4);
  const forged = victim.lines.all
    .flatMap((text) => text.split('\n'))
    .filter((text) => text.startsWith('[lobby] admin'));
  expect(forged).toEqual([]);
});

test('refusals are readable sentences, and the connection stays open', async () => {
  await using line = await connectLine(server.url);
  const said: [string, RegExp][] = [
    ['/nosuch', /^! There is no \/nosuch/],
    ['/__proto__', /^! There is no \/__proto__/],
    ['/constructor', /^! There is no \/constructor/],
    ['/join', /^! Usage: \/join <room>/],
    ['/join nowhere-at-all', /^! not_found: /],
    ['/join BAD ROOM', /^! invalid_input: room: /],
    ['/edit lobby.1 mine now', /^! (forbidden|not_found): /],
    ['x'.repeat(9000), /^! invalid_input: text: /],
    ['   ', /^! Usage: \/say <text>/],
  ];
  for (const [text, answer] of said) {
    const from = line.lines.all.length;
    line.say(text);
    await line.lines.until((all) => all.slice(from).some((each) => answer.test(each)));
  }
  line.webSocket.send(Buffer.from([1, 2, 3]), { binary: true });
  await line.lines.first((text) => text === '! Send text, not binary.');
  line.say('//slash');
  await line.lines.first((text) => text === `[lobby] ${line.name}: /slash`);
});

test('every command that can be typed takes any arguments without breaking the server', async () => {
  await using line = await connectLine(server.url);
  for (const { line: syntax, name } of rows) {
    if (name === 'session.end') continue;
    for (const args of ['', 'x', 'lobby', 'lobby.1 x', '한글 이모지 👋']) line.say(`/${syntax.verb} ${args}`);
  }
  line.say('/create the last room');
  await line.lines.first((text) => text.includes('  the last room (1)'));
  line.say('//the end');
  await line.lines.first((text) => text.endsWith(': /the end'));
  expect(line.lines.all.filter((text) => text.includes('internal'))).toEqual([]);
  expect(server.output()).not.toContain('unexpected error');
});

test('/quit ends the session and closes the connection', async () => {
  await using line = await connectLine(server.url);
  line.say('/quit');
  await line.closed;
});
