import { isBlank } from '@madang/protocol';
import { type Inline, parseInline } from './parse-inline.js';

/** Parses a message's text into what the page shows. docs/writing.md says which signs are marks, and which are not. */

/** A part of a message, over whole lines. */
export type Block =
  | { kind: 'lines'; lines: Inline[][] }
  | { kind: 'list'; items: { marker: string; content: Inline[] }[] }
  | { kind: 'quote'; content: Block[] }
  | { kind: 'code'; language: string; text: string };

/** A quote within quotes deeper than this is text, with its marks. */
const MAX_DEPTH = 4;

const KEPT = 500;
const parsed = new Map<string, Block[]>();

/** The parts of a message's text. Keeps the newest results, since rows come and go while scrolling. */
export function parseText(text: string): Block[] {
  const known = parsed.get(text);
  if (known) return known;
  const blocks = parseLines(text.split(/\r\n?|\n/), 0);
  if (parsed.size >= KEPT) parsed.delete(parsed.keys().next().value as string);
  parsed.set(text, blocks);
  return blocks;
}

function parseLines(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  const fences = new Fences(lines);
  let plain: string[] = [];
  const endPlain = () => {
    if (plain.length > 0) blocks.push({ kind: 'lines', lines: plain.map((line) => parseInline(line)) });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const part = fences.at(at) ?? quoteAt(lines, at, depth) ?? listAt(lines, at);
    if (part) {
      endPlain();
      blocks.push(part.block);
      at = part.end;
    } else {
      plain.push(lines[at] as string);
      at += 1;
    }
  }
  endPlain();
  return blocks;
}

/** A block of some lines, and the line after it. */
interface Part {
  block: Block;
  end: number;
}

const FENCE = /^(`{3,})([^`]*)$/;
const LANGUAGE = /^[a-z][\w+#.-]{0,30}$/i;

/** The code blocks of some lines. */
class Fences {
  readonly #lines: string[];
  /** Fences that don't end any more. */
  readonly #endless = new Set<string>();

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  /** The code block that begins at a line. One that doesn't end, or is empty, is text. */
  at(start: number): Part | undefined {
    const [, fence, rest = ''] = FENCE.exec(this.#lines[start] as string) ?? [];
    if (!fence || this.#endless.has(fence)) return undefined;
    let last = start + 1;
    while (last < this.#lines.length && !endsWithFence(this.#lines[last] as string, fence)) last += 1;
    if (last === this.#lines.length) {
      this.#endless.add(fence);
      return undefined;
    }
    const language = LANGUAGE.test(rest.trim()) ? rest.trim() : '';
    const code = this.#lines.slice(start + 1, last);
    if (language === '' && rest.trim() !== '') code.unshift(rest);
    const before = (this.#lines[last] as string).trimEnd().slice(0, -fence.length);
    if (before !== '') code.push(before);
    const text = code.join('\n');
    return isBlank(text) ? undefined : { block: { kind: 'code', language, text }, end: last + 1 };
  }
}

function endsWithFence(line: string, fence: string): boolean {
  const end = line.trimEnd();
  return end.endsWith(fence) && !end.endsWith(`\`${fence}`);
}

const QUOTED = /^>(?: |$)/;
const SAYS_SOMETHING = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;

/** The quote that begins at a line. A face such as `> ㅅ <` is none. */
function quoteAt(lines: string[], start: number, depth: number): Part | undefined {
  if (depth >= MAX_DEPTH || !isQuoteLine(lines[start] as string)) return undefined;
  const quoted: string[] = [];
  for (let at = start; at < lines.length && QUOTED.test(lines[at] as string); at += 1)
    quoted.push((lines[at] as string).slice(2));
  while (quoted.at(-1)?.trim() === '') quoted.pop();
  return { block: { kind: 'quote', content: parseLines(quoted, depth + 1) }, end: start + quoted.length };
}

/** Whether a quote may begin with a line: with `> ` and something to read, or a code block. */
function isQuoteLine(line: string): boolean {
  const text = line.slice(2);
  return (
    line.startsWith('> ') && ((SAYS_SOMETHING.test(text) && !/<\s*$/.test(text)) || FENCE.test(text)) && !isBlank(text)
  );
}

const ITEM = /^([ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]+)(\S.*)$/s;

/** The list that begins at a line, of two items or more. Each keeps its mark as it was typed. */
function listAt(lines: string[], start: number): Part | undefined {
  const typed: [marker: string, text: string][] = [];
  for (let at = start; at < lines.length; at += 1) {
    const [, marker, text] = ITEM.exec(lines[at] as string) ?? [];
    if (marker === undefined || text === undefined) break;
    typed.push([marker, text]);
  }
  if (typed.length < 2) return undefined;
  const items = typed.map(([marker, text]) => ({ marker, content: parseInline(text) }));
  return { block: { kind: 'list', items }, end: start + typed.length };
}
