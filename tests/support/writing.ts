import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A row of docs/writing.md. */
export interface WritingRow {
  typed: string;
  /** What is seen of it, in the page's notation. */
  seen: string;
}

/** The rows of the tables of docs/writing.md, or of its Korean page. */
export function writingRows(page: 'writing.md' | 'writing.ko.md'): WritingRow[] {
  const text = readFileSync(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), 'utf8');
  const rows = [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(/ (?<!\\)\| /).map(readCell));
  return rows.map(([typed = '', seen]) => ({ typed, seen: seen ?? typed }));
}

/** A cell's code, with the signs that stand for white space; undefined for words. */
function readCell(cell: string): string | undefined {
  const fence = /^`+/.exec(cell)?.[0].length;
  if (fence === undefined) return undefined;
  const code = cell.slice(fence, -fence).replace(/^ (.*) $/, '$1');
  return code.replaceAll('\\|', '|').replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␠', ' ');
}

const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Whether a copy of a message has every visible character that was typed, in order, and nothing else, apart from the marks
 * that docs/writing.md names.
 */
export function isWhole(copy: string, typed: string): boolean {
  const visible = (text: string) => Array.from(text).filter((each) => !INVISIBLE.test(each));
  const copied = visible(copy);
  const signs = visible(typed);
  const failed = new Set<string>();
  const isWholeFrom = (start: number, startOfCopy: number): boolean => {
    let at = startOfCopy;
    for (let from = start; from < signs.length; from += 1) {
      const sign = signs[from] as string;
      if (sign === ']' && signs[from + 1] === '(') {
        // The address of a link with other words is seen as a whole, or not at all.
        const place = `${from} ${at}`;
        if (failed.has(place)) return false;
        if (isWholeFrom(endOfAddress(signs, from + 1) + 1, at)) return true;
        failed.add(place);
      }
      if (sign === copied[at]) at += 1;
      else if (!'*~`>['.includes(sign)) return false;
    }
    return at === copied.length;
  };
  return isWholeFrom(0, 0);
}

function endOfAddress(signs: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < signs.length; at += 1) {
    if (signs[at] === '(') depth += 1;
    else if (signs[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return signs.length;
}

const PIECES = [
  ...[
    '*',
    '**',
    '***',
    '~~',
    '~',
    '`',
    '```',
    '_',
    '__',
    '\\',
    '>',
    '> ',
    '- ',
    '+ ',
    '1. ',
    '10) ',
    '#',
    '|',
    '[',
    ']',
  ],
  ...['(', ')', '[글](https://example.org/a_(b))', '](', 'https://', 'https://example.org/', 'www.', 'mailto:a@b.kr'],
  ...[
    '한국',
    '에서',
    '를',
    'ㅋㅋ',
    'を',
    '日本',
    'abc',
    '10',
    'C언어',
    'שלום',
    '🎉',
    '👩‍👩‍👧',
    'é',
    'e\u0301',
    '\u200b',
    'ㅤ',
  ],
  ...[
    ' ',
    ' ',
    '  ',
    '\t',
    '\n',
    '\n',
    '\n\n',
    '\r\n',
    '.',
    ',',
    '!',
    '…',
    '。',
    '"',
    "'",
    '´',
    '<',
    '&lt;',
    '&',
    '/',
    ':',
  ],
];

/** Texts that are rich in signs, and others of any characters. */
export const writtenText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((pieces) => pieces.join('')), weight: 5 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }), weight: 1 },
);
