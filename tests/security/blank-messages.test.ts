import { isBlank } from '@madang/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { connectLine } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { call } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';

let server: TestServer;
const open = new Disposables();
beforeAll(async () => {
  server = open.use(await startServer({ flags: ['--limits', 'off'] }));
});
afterAll(() => open[Symbol.asyncDispose]());

const blanks: Record<string, string> = {
  'a zero-width space': '\u200b',
  'a Hangul filler': '\u3164',
  'a Braille pattern without dots': '\u2800',
  'a half-width Hangul filler': '\uffa0',
  'Hangul fillers for initial and vowel': '\u115f\u1160',
  joiners: '\u200d\u200c',
  'a soft hyphen': '\u00ad',
  'variation selectors': '\ufe0f\u{e0100}',
  'direction marks': '\u202e\u2066\u200f',
  tags: '\u{e0041}\u{e007f}',
  'a byte order mark': '\ufeff',
  'a null notehead': '\u{1d159}',
  'blank hieroglyphs': '\u{13441}\u{13442}',
  'what stands for an object': '\ufffc',
  controls: '\u0007\u0085',
  'line and paragraph separators': '\u2028\u2029',
  'all kinds of spaces between them': ' \t\u3000\u3164\n\u00a0\u200b ',
};

const visible = ['.', '·', '🎉', '👩‍👩‍👧', '\u{1fae9}', '가', 'ㅤ.', '\u200ba', '\u0301', '\ue000'];

describe('a message that shows nothing', () => {
  test.each(Object.entries(blanks))('%s', (_what, text) => expect(isBlank(text)).toBe(true));
  test.each(visible)('but not %s', (text) => expect(isBlank(text)).toBe(false));

  test.each(transportNames)('is refused at %s, as is an edit to it', async (transport) => {
    await using client = await transports[transport](server.url, { name: `blank at ${transport}` });
    const { message } = await call(client, 'message.send', { room: 'lobby', text: 'ㅤ시작' });
    const words = 'must contain a visible character';
    for (const text of Object.values(blanks)) {
      const isEmpty = text.trim() === '';
      for (const [name, input] of [
        ['message.send', { room: 'lobby', text }],
        ['message.edit', { message: message.id, text }],
      ] as const) {
        const { error } = await client.ask(name, input);
        expect(error, JSON.stringify(text)).toMatchObject({
          code: 'invalid_input',
          details: { issues: [{ path: 'text', message: isEmpty ? 'must not be empty' : words }] },
        });
      }
    }
  });

  test('is refused in line mode', async () => {
    await using client = await connectLine(server.url);
    client.say('ㅤ');
    expect(await client.lines.first((line) => line.includes('visible'))).toContain(
      'text: must contain a visible character',
    );
    client.say('보이는 글');
    await client.lines.first((line) => line.includes('보이는 글'));
  });
});
