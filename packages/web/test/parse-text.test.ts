import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWhole, writingRows, writtenText } from '../../../tests/support/writing.js';
import type { Inline } from '../src/features/message/parse-inline.js';
import { type Block, parseText } from '../src/features/message/parse-text.js';
import { notate } from './notation.js';

const rows = writingRows('writing.md');

describe('the tables of docs/writing.md', () => {
  test('are the same in both languages', () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(writingRows('writing.ko.md')).toEqual(rows);
  });

  test.each(rows)('$typed', ({ typed, seen }) => {
    expect(notate(parseText(typed))).toBe(seen);
  });
});

describe('of any text', () => {
  test('every visible character is seen, in order, apart from the marks that are named', () => {
    fc.assert(
      fc.property(writtenText, (typed) => {
        expect(isWhole(textOf(parseText(typed)), typed)).toBe(true);
      }),
      { numRuns: 2500, seed: 15 },
    );
  });

  test('text without marks is seen exactly as it was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
        fc.pre(!/[*~`[>\r]|^\s*(?:[-+•]|\d+[.)])\s/m.test(typed));
        expect(textOf(parseText(typed))).toBe(typed);
      }),
      { numRuns: 500, seed: 15 },
    );
  });

  test('links lead to web and mail addresses only', () => {
    fc.assert(
      fc.property(writtenText, (typed) => {
        for (const href of hrefsOf(parseText(typed))) expect(href).toMatch(/^(?:https?:\/\/[^/]|mailto:.)/);
      }),
      { numRuns: 1000, seed: 16 },
    );
  });
});

test.each([
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '<javascript:alert(1)>',
  '[ref]\n\n[ref]: javascript:alert(1)',
])('%s is text', (text) => {
  expect(notate(parseText(text))).toBe(text);
});

// Where the work grew with the square, it would be 64 times.
describe('eight times the text takes at most 30 times the work', () => {
  test.each([
    ...['*', '**', '*a', '*a ', 'a* ', '**a ', '*a **b ~~c ', 'a** b* c~~ ', '~~a', '가**나', '`', '`a', '``a`', '` '],
    ...['[', '[a', '[a](', '[a](https://', '[a](https://a.kr/(', '[a](https://a.kr) ', '](', '(', ')'],
    ...[
      '> ',
      '> a\n',
      '>\n',
      '> !\n',
      '> > ',
      '```\n',
      '```a\n',
      '```a\nb\n',
      '- a\n',
      '- ',
      '1. ',
      '\n',
      ' \n',
      ' ',
      '\t',
    ],
    ...[
      'https://',
      'https://a',
      'https://a.',
      'https://a.kr/',
      'https://a.kr/가',
      '/가',
      '가를',
      'を',
      '(가',
      'a.',
      'www.',
    ],
    ...['mailto:a@', 'mailto:a@b.', 'ㅋ', '가나다 ', 'a', '\u0301', '\u200b', '👩‍👩‍👧'],
  ])('%j', (part) => {
    for (const start of ['', 'https://a.kr/가']) {
      let [short, long] = [Infinity, Infinity];
      for (let tries = 0; tries < 5 && !(long / short <= 30); tries += 1) {
        short = Math.min(short, cpuOf(filled(start, part, 8192)));
        long = Math.min(long, cpuOf(filled(start, part, 65_536)));
      }
      expect(long / short, start).toBeLessThanOrEqual(30);
    }
  });
});

let times = 0;

function filled(start: string, part: string, length: number): string {
  // Never the same text: results are kept.
  times += 1;
  return `${start}${part.repeat(Math.ceil(length / part.length)).slice(0, length)}${times}`;
}

/** Less CPU time than this is not told apart, in µs. */
const LEAST = 2000;

/** The CPU time that it takes to parse a text, in µs. */
function cpuOf(text: string): number {
  const before = process.cpuUsage();
  parseText(text);
  const { user, system } = process.cpuUsage(before);
  return Math.max(LEAST, user + system);
}

/** What can be copied of a message. */
function textOf(blocks: readonly Block[]): string {
  return blocks.map(textOfBlock).join('\n');
}

function textOfBlock(block: Block): string {
  switch (block.kind) {
    case 'lines':
      return block.lines.map(textOfLine).join('\n');
    case 'list':
      return block.items.map(({ marker, content }) => marker + textOfLine(content)).join('\n');
    case 'quote':
      return textOf(block.content);
    default:
      return `${block.language}\n${block.text}`;
  }
}

function textOfLine(pieces: readonly Inline[]): string {
  return pieces
    .map((piece) =>
      typeof piece === 'string' ? piece : piece.kind === 'code' ? piece.text : textOfLine(piece.content),
    )
    .join('');
}

function hrefsOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    switch (block.kind) {
      case 'lines':
        return block.lines.flatMap(hrefsOfLine);
      case 'list':
        return block.items.flatMap(({ content }) => hrefsOfLine(content));
      case 'quote':
        return hrefsOf(block.content);
      default:
        return [];
    }
  });
}

function hrefsOfLine(pieces: readonly Inline[]): string[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string' || piece.kind === 'code') return [];
    return [...(piece.kind === 'link' ? [piece.href] : []), ...hrefsOfLine(piece.content)];
  });
}
