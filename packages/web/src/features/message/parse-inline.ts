import { isBlank } from '@madang/protocol';
import { findAddresses, safeHref } from './find-addresses.js';
import { isParticle } from './particles.js';

/**
 * The marks within a line. A sign is a mark only where hardly anybody means the sign: `*`, `**`, `***` and `~~` around
 * whole words, `` ` `` around code, and `[words](address)`. Everything else is text, as it was typed.
 * docs/writing.md has the rules.
 */

/** A piece of a line: text, or text with a mark. */
export type Inline =
  | string
  | { kind: 'strong' | 'emphasis' | 'strongEmphasis' | 'strike'; content: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; content: Inline[] };

type MarkKind = 'strong' | 'emphasis' | 'strongEmphasis' | 'strike';

const MARKS: Record<string, MarkKind> = { '*': 'emphasis', '**': 'strong', '***': 'strongEmphasis', '~~': 'strike' };

const SIGNS = /`+|\*+|~+|\[/g;

const LINK = /\[([^[\]]+)\]\(((?:https?:\/\/[^\s()<>"]+(?:\([^\s()<>"]*\)[^\s()<>"]*)*|mailto:[^\s()<>"]+))\)/iy;

/** Parses one line. Takes time in proportion to its length, and nests each kind of mark once. */
export function parseInline(line: string): Inline[] {
  // Most lines have no marks.
  if (!/[`*~[]/.test(line)) return linked(line);
  const marked = new MarkedLine();
  const codeEnds = endsOfCode(line);
  let from = 0;
  SIGNS.lastIndex = 0;
  for (let sign = SIGNS.exec(line); sign; sign = SIGNS.exec(line)) {
    const { 0: signs, index } = sign;
    marked.add(line.slice(from, index));
    from = SIGNS.lastIndex;
    if (signs === '[') {
      const link = linkAt(line, index);
      if (link) {
        marked.add(link.node);
        from = link.end;
      } else marked.add(signs);
    } else if (signs.startsWith('`')) {
      // A backslash escapes nothing, but hardly anybody means code behind one.
      const end = line[index - 1] === '\\' ? undefined : codeEnds.get(index);
      const text = end === undefined ? undefined : codeText(line.slice(from, end), signs);
      if (end !== undefined && text !== undefined) {
        marked.add({ kind: 'code', text });
        from = end + signs.length;
      } else marked.add(signs);
    } else marked.addMark(signs, line, index);
    SIGNS.lastIndex = from;
  }
  marked.add(line.slice(from));
  return withAddresses(marked.finish());
}

/** Where the code that each run of backquotes opens ends, by the run's place. */
function endsOfCode(line: string): Map<number, number> {
  const ends = new Map<number, number>();
  const next = new Map<number, number>();
  for (const { 0: run, index } of [...line.matchAll(/`+/g)].toReversed()) {
    const end = next.get(run.length);
    if (end !== undefined) ends.set(index, end);
    next.set(run.length, index);
  }
  return ends;
}

/** What is shown of code between two runs of backquotes; undefined if it is no code, such as (`ω´) and (´ω`). */
function codeText(between: string, signs: string): string | undefined {
  if (isBlank(between) || (signs === '`' && between.includes('´'))) return undefined;
  // A space on either side separates backquotes in the code from those around it.
  return /^ .* $/.test(between) ? between.slice(1, -1) : between;
}

function linkAt(line: string, index: number): { node: Inline; end: number } | undefined {
  LINK.lastIndex = index;
  const [, label = '', address = ''] = LINK.exec(line) ?? [];
  const href = address && safeHref(address);
  // A label that looks like an address could name another one than it leads to.
  if (!href || isBlank(label) || /:\/\/|www\./i.test(label)) return undefined;
  return { node: { kind: 'link', href, content: parseInline(label) }, end: LINK.lastIndex };
}

interface Open {
  kind: MarkKind | undefined;
  signs: string;
  /** Where its content begins in the line. */
  start: number;
  /** Whether it was opened within a word, and must be closed in it. */
  isInWord: boolean;
  content: Inline[];
}

/** A line as it is read: the marks that are open, each with what it contains so far. */
class MarkedLine {
  readonly #open: Open[] = [{ kind: undefined, signs: '', start: 0, isInWord: false, content: [] }];

  add(piece: Inline): void {
    if (piece === '') return;
    const content = this.#open.at(-1)?.content ?? [];
    const last = content.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') content[content.length - 1] = last + piece;
    else content.push(piece);
  }

  /** Opens a mark, closes one, or adds its signs as text. */
  addMark(signs: string, line: string, index: number): void {
    const kind = MARKS[signs];
    if (!kind) return this.add(signs);
    const end = index + signs.length;
    const before = lastCharacter(line, index);
    const after = firstCharacter(line, end);
    if (mayClose(kind, { before, after, line, end }) && this.#close(kind, line, index)) return;
    const opens = mayOpen(kind, before, after);
    if (!opens) return this.add(signs);
    // The nearest one opens: an earlier one of its kind was a sign.
    const earlier = this.#open.findIndex((each) => each.kind === kind);
    if (earlier > 0) this.#giveUp(earlier);
    this.#open.push({ kind, signs, start: end, isInWord: opens === 'in a word', content: [] });
  }

  finish(): Inline[] {
    this.#giveUp(1);
    return this.#open[0]?.content ?? [];
  }

  #close(kind: MarkKind, line: string, end: number): boolean {
    const at = this.#open.findIndex((each) => each.kind === kind);
    const open = this.#open[at];
    if (!open) return false;
    if (!isMarkable(open, line.slice(open.start, end))) {
      this.#giveUp(at);
      return false;
    }
    this.#giveUp(at + 1);
    this.#open.pop();
    this.add({ kind, content: open.content });
    return true;
  }

  /** Marks that stay open are text. */
  #giveUp(from: number): void {
    for (const { signs, content } of this.#open.splice(from)) {
      this.add(signs);
      for (const piece of content) this.add(piece);
    }
  }
}

const SAYS_SOMETHING = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
// `T_T`, `o.o`
const FACE = /^(\p{L})[^\p{L}\p{N}\s]+\1$/u;

/** `김**님, 이**님` are names with letters hidden, `*o*` and `*T_T*` are faces. */
function isMarkable({ kind, isInWord }: Open, content: string): boolean {
  if (isBlank(content) || !SAYS_SOMETHING.test(content) || FACE.test(content)) return false;
  return kind === 'emphasis' ? content.length > 1 || CJK.test(content) : !(isInWord && /\s/.test(content));
}

const EDGE = /^\s?$/;
const OPENING = /^[\p{Ps}\p{Pi}"']$/u;
const BESIDE = /^(?![/\\_#@&%<>])[\p{P}\p{Extended_Pictographic}~→⇒]$/u;
const CJK = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]$/u;
const FIRST = /^[\p{L}\p{N}\p{Extended_Pictographic}\p{Sc}\p{Ps}\p{Pi}"'`#@+.~*-]$/u;
const LAST = /^[\p{L}\p{N}\p{M}\p{Extended_Pictographic}\p{Sc}\p{Pe}\p{Pf}"'`!?.,:;…。、！？~*+%]$/u;
// A single asterisk is in many faces, with letters such as ㅇ and ㅅ too.
const FIRST_OF_EMPHASIS = /^(?![\u3131-\u318e])[\p{L}\p{N}\p{Pi}"'`]$/u;
const LAST_OF_EMPHASIS = /^(?![\u3131-\u318e])[\p{L}\p{N}\p{M}\p{Pe}\p{Pf}"'`!?.,…。！？]$/u;

function mayOpen(kind: MarkKind, before: string, after: string): 'at a word' | 'in a word' | undefined {
  if (!(kind === 'emphasis' ? FIRST_OF_EMPHASIS : FIRST).test(after)) return undefined;
  if (EDGE.test(before)) return 'at a word';
  if (kind === 'emphasis') return undefined;
  if (kind === 'strike') return before === '*' || OPENING.test(before) ? 'at a word' : undefined;
  if (BESIDE.test(before)) return 'at a word';
  return CJK.test(before) ? 'in a word' : undefined;
}

interface Place {
  before: string;
  after: string;
  line: string;
  /** Where the mark ends in the line. */
  end: number;
}

function mayClose(kind: MarkKind, { before, after, line, end }: Place): boolean {
  if (!(kind === 'emphasis' ? LAST_OF_EMPHASIS : LAST).test(before)) return false;
  if (EDGE.test(after) || BESIDE.test(after)) return true;
  if (kind === 'strong' || kind === 'strongEmphasis') return CJK.test(after);
  HANGUL.lastIndex = end;
  return isParticle(HANGUL.exec(line)?.[0] ?? '');
}

const HANGUL = /\p{Script=Hangul}{1,5}/uy;

function firstCharacter(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function lastCharacter(text: string, before: number): string {
  return Array.from(text.slice(Math.max(0, before - 2), before)).at(-1) ?? '';
}

/** Turns addresses in the text into links. */
function withAddresses(pieces: Inline[]): Inline[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string') return linked(piece);
    if (piece.kind === 'code' || piece.kind === 'link') return [piece];
    return [{ ...piece, content: withAddresses(piece.content) }];
  });
}

function linked(text: string): Inline[] {
  const pieces: Inline[] = [];
  let from = 0;
  for (const { start, end, href } of findAddresses(text)) {
    if (start > from) pieces.push(text.slice(from, start));
    pieces.push({ kind: 'link', href, content: [text.slice(start, end)] });
    from = end;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
