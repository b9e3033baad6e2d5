import { formatLimits } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient, outcome } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
const open = new Disposables();
let asker: TransportClient;
beforeAll(async () => {
  server = open.use(await startServer({ flags: ['--limits', 'off'] }));
  asker = open.use(await transports.HTTP(server.url));
});
afterAll(() => open[Symbol.asyncDispose]());

/** Signs in with a name, and stays. Resolves to the error's code, or to the name as accepted. */
async function comeIn(name: string): Promise<string> {
  const { result, error } = await asker.ask('session.start', { name });
  return error?.code ?? (result as { user: { name: string } }).user.name;
}

describe('two users cannot have names that look alike', () => {
  test.each([
    ['the same', 'alpha', 'alpha'],
    ['case', 'Bravo', 'bRAVO'],
    ['Cyrillic а', 'banana', 'b\u0430nana'],
    ['Cyrillic, all of it', 'саrе', 'care'],
    ['Greek omicron', 'cool', 'c\u03bfol'],
    ['full width', 'delta', 'ｄｅｌｔａ'],
    ['mathematical letters', 'echo', '𝐞𝐜𝐡𝐨'],
    ['one for small L', 'hello', 'he11o'],
    ['capital i for small L', 'lily', 'IiIy'],
    ['zero for O', 'foxtrot', 'f0xtr0t'],
    ['rn for m', 'mama', 'rnarna'],
    ['spaces within', 'golf club', 'golfclub'],
    ['spaces around', 'hotel', '  hotel  '],
    ['decomposed Hangul', '한글', '한글'.normalize('NFD')],
    ['half-width Hangul', '가', 'ﾡￂ'],
    ['decomposed Latin', 'café', 'cafe\u0301'],
    ['a ligature', 'office', 'oﬃce'],
    ['circled digits', 'team1', 'team①'],
  ])('%s', async (_what, taken, alike) => {
    expect(await comeIn(taken)).toBe(taken.normalize('NFC'));
    expect(await comeIn(alike)).toBe('conflict');
    // Not by changing to it either.
    await using other = await transports['/ws'](server.url, { name: `other than ${taken}` });
    expect(await outcome(other, 'user.update', { name: alike })).toBe('conflict');
  });

  test.each([
    ['둘리', '둘라'],
    ['ㅋㅋ', 'ㅎㅎ'],
    ['ㅋㅋㅋㅋ', 'ㅋㅋㅋ'],
    ['Ana', 'Anna'],
    ['太郎', '次郎'],
    ['👍', '👎'],
  ])('but %s and %s are two', async (one, other) => {
    expect(await comeIn(one)).toBe(one);
    expect(await comeIn(other)).toBe(other);
  });
});

describe('a name cannot be', () => {
  test.each([
    ['empty', ''],
    ['white space', '   '],
    ['punctuation', '...'],
    ['a zero-width space', 'a\u200bb'],
    ['a zero-width joiner', 'a\u200db'],
    ['a right-to-left override', 'a\u202eb'],
    ['a right-to-left isolate', '\u2067abc'],
    ['a Hangul filler', '\u3164'],
    ['a half-width Hangul filler', 'a\uffa0'],
    ['a Braille pattern without dots', 'a\u2800'],
    ['a null notehead', 'a\u{1d159}'],
    ['an object replacement character', 'a\ufffc'],
    ['a soft hyphen', 'ab\u00adc'],
    ['a word joiner', 'a\u2060b'],
    ['a tag character', 'a\u{e0041}'],
    ['a variation selector', 'a\ufe0f'],
    ['a combining grapheme joiner', 'a\u034fb'],
    ['Braille blank', '\u2800'],
    ['an escape', 'a\u001bb'],
    ['a delete', 'a\u007fb'],
    ['private use', 'a\ue000'],
    ['unassigned', 'a\u0378'],
    ['a stack of marks', `a${'\u0301'.repeat(5)}`],
    ['a lone surrogate', 'a\ud83d'],
    ['33 characters', 'x'.repeat(33)],
  ])('with %s', async (_what, name) => {
    expect(await comeIn(name)).toBe('invalid_input');
    expect(await outcome(asker, 'room.create', { name: `${name}${'x'.repeat(name.length === 33 ? 30 : 0)}` })).not.toBe(
      'ok',
    );
  });

  test.each([
    'admin',
    'Admin',
    'ADMIN',
    'аdmin',
    'adm1n',
    'ａｄｍｉｎ',
    'a d m i n',
    'system',
    'moderator',
    'madang',
    '관리자',
    '운영자',
    '마당',
    '마 당',
    // With other words next to it, shortened, framed, or written with look-alike letters.
    ...[
      '[admin]',
      '[Аdmin]',
      'admin_kim',
      'Admin123',
      '1admin',
      'the admins',
      'realAdmin',
      'AdminKim',
      'ad-min',
      'a.d.m.i.n',
    ],
    ...[
      'xX a d m i n Xx',
      '@dmin',
      '$ystem',
      '4dm!n',
      'x ⓐⓓⓜⓘⓝ',
      '1 🅰🅳🅼🅸🅽',
      'madang-bot',
      'Madang팬',
      'admin님',
      'sys tem',
      '0perator',
      'ᴀᴅᴍɪɴ',
      'admïn',
      'a\u0332d\u0332m\u0332i\u0332n\u0332',
    ],
    ...[
      '관리자님',
      '총관리자',
      '관.리.자',
      '관 리 자',
      '관1리2자',
      '부운영자',
      '운영진',
      '시스템알림',
      '마당지기',
      '[마당]',
      '마당봇',
      '운영팀',
      '어드민',
    ],
    '관리자님'.normalize('NFD'),
  ])('%s, which is reserved', async (name) => {
    expect(await comeIn(name)).toBe('conflict');
  });
});

test.each([
  ...[
    'badminton',
    'Badminton Club',
    'Nomad Angel',
    'ecosystems',
    'beetroot',
    'Adminah',
    'moderato',
    'Ad Astra',
    'Minsu',
  ],
  ...['마당발', '앞마당', '마당쇠', '도서관', '자리', '운영', '관리', '행운영', '리자몽'],
])('%s is no reserved word', async (name) => {
  expect(await comeIn(name)).toBe(name);
});

test('a name of exactly 32 characters is accepted, with white space collapsed and emoji intact', async () => {
  const limit = formatLimits.nicknameChars;
  expect(await comeIn('가'.repeat(limit))).toBe('가'.repeat(limit));
  expect(await comeIn('  too   many\tspaces ')).toBe('too many spaces');
  expect(await comeIn('\ufefftwo\u2028lines\u3000folded')).toBe('two lines folded');
  expect(await comeIn('🧑‍🚀 우주인')).toBe('🧑‍🚀 우주인');
  expect(await comeIn('🇰🇷')).toBe('🇰🇷');
});

describe.each(transportNames)('at %s', (transport) => {
  test('if many users want one name at once, one gets it', async () => {
    await using clients = new Disposables();
    const wanted = `wanted at ${transport}`;
    const all = await Promise.all(
      Array.from({ length: 5 }, async () => clients.use(await transports[transport](server.url))),
    );
    const outcomes = await Promise.all(all.map((client) => outcome(client, 'session.start', { name: wanted })));
    expect(outcomes.sort()).toEqual(['conflict', 'conflict', 'conflict', 'conflict', 'ok']);
  });

  test('a name that was released by session.end or by a new name is free', async () => {
    const name = `given back ${transport}`;
    const first = await transports[transport](server.url, { name });
    await call(first, 'user.update', { name: `${name} two` });
    const second = await transports[transport](server.url, { name });
    await second.ask('session.end', {}).catch(() => undefined);
    await using third = await transports[transport](server.url, { name });
    expect((await call(third, 'session.get', {})).user.name).toBe(name);
    await first.close();
    await second.close();
  });
});

describe("rooms' names", () => {
  test('of public rooms are unique, including look-alikes; those of private rooms are not', async () => {
    await using owner = await transports['/ws'](server.url, { name: 'room namer' });
    const create = (name: string, kind: 'public' | 'private' = 'public') =>
      outcome(owner, 'room.create', { name, kind });
    expect(await create('Random')).toBe('ok');
    for (const alike of ['Random', 'random', 'Rаndom', 'Ｒａｎｄｏｍ', ' Random '])
      expect(await create(alike), alike).toBe('conflict');
    for (let twice = 0; twice < 2; twice += 1) expect(await create('Random', 'private')).toBe('ok');
    const { room } = await call(owner, 'room.create', { name: 'another' });
    expect(await outcome(owner, 'room.update', { room: room.id, name: 'RANDOM' })).toBe('conflict');
    expect((await call(owner, 'room.get', { room: room.id })).room.name).toBe('another');
    expect(await outcome(owner, 'room.update', { room: room.id, name: 'Another' })).toBe('ok');
    const made = await Promise.all(Array.from({ length: 5 }, () => create('at once')));
    expect(made.sort()).toEqual(['conflict', 'conflict', 'conflict', 'conflict', 'ok']);
  });

  test('a name that a room gave up is free', async () => {
    await using owner = await transports['/ws'](server.url, { name: 'room renamer' });
    const { room } = await call(owner, 'room.create', { name: 'given up' });
    await call(owner, 'room.update', { room: room.id, name: 'taken instead' });
    expect(await outcome(owner, 'room.create', { name: 'given up' })).toBe('ok');
    expect(await outcome(owner, 'room.create', { name: 'taken instead' })).toBe('conflict');
  });

  test('a name of 50 characters is accepted, one of 51 is not', async () => {
    await using owner = await transports['/ws'](server.url, { name: 'long namer' });
    const limit = formatLimits.roomNameChars;
    expect(await outcome(owner, 'room.create', { name: '방'.repeat(limit) })).toBe('ok');
    expect(await outcome(owner, 'room.create', { name: '방'.repeat(limit + 1) })).toBe('invalid_input');
    const topic = '주'.repeat(formatLimits.topicChars);
    expect(await outcome(owner, 'room.create', { name: 'topical', topic })).toBe('ok');
    expect(await outcome(owner, 'room.create', { name: 'too topical', topic: `${topic}제` })).toBe('invalid_input');
  });
});
