import { particleAtEnd } from './particles.js';

/**
 * Finds the addresses in a text. A browser says what an address is; here is decided where one ends, since Korean,
 * Japanese and Chinese go on directly after it (`https://example.org/b에서`). docs/writing.md has the rules.
 */

/** An address in a text: its place in UTF-16 units, and where it leads. */
export interface Address {
  start: number;
  end: number;
  href: string;
}

// Not in the middle of a word or of another address, but directly after `주소:` or `1.`.
const START = /(?<![\w@/])(?:https?:\/\/|mailto:|(?<![.-])www\.)/gi;

const MAILBOX = /[\w.+-]+@[a-z\d-]+(?:\.[a-z\d-]+)+/iy;

const HOST = /\[[\da-f:.]{2,45}\]|[\p{L}\p{N}][\p{L}\p{N}\p{M}_-]*(?:\.[\p{L}\p{N}][\p{L}\p{N}\p{M}_-]*)*/iuy;

const PORT = /:\d{1,5}/y;

// What may stand after the host: the ASCII characters of RFC 3986; beyond ASCII, letters, digits, middle dots and dashes that
// join words. An arrow (`a->b`) ends an address, and so does the next address of a list (`a,https://b`).
const TAIL =
  /[/?#](?:(?!\p{Default_Ignorable_Code_Point}|[-=]+>|[,;]+(?:https?:\/\/|www\.)|[\u2014\u2015\u2e3a\u2e3b\u301c\u3030])[\w\-.~:/?#[\]@!$&'()*+,;=%·・\p{L}\p{N}\p{M}\p{Pd}])*/iuy;

// Letters of languages that put the next word directly after the last one.
const GLUED =
  /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu;

const GLUED_AFTER_ASCII = /(?<=[\da-z])(?=[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/iu;

const HANGUL_TLD = /^(?:한국|닷컴|닷넷|삼성)/;

/** The addresses in a text, in order: with `http`, `https` or `mailto`, or beginning with `www.`. */
export function findAddresses(text: string): Address[] {
  const found: Address[] = [];
  START.lastIndex = 0;
  for (let match = START.exec(text); match; match = START.exec(text)) {
    const start = match.index;
    const scheme = match[0].toLowerCase();
    const end = scheme === 'mailto:' ? mailboxEnd(text, START.lastIndex) : webAddressEnd(text, start, scheme);
    const href = end === undefined ? undefined : safeHref(text.slice(start, end));
    if (end === undefined || href === undefined) continue;
    found.push({ start, end, href });
    START.lastIndex = end;
  }
  return found;
}

/** The address that a link may lead to, as the browser writes it; undefined for any other scheme, or none. */
export function safeHref(address: string): string | undefined {
  try {
    const { href, protocol } = new URL(/^www\./i.test(address) ? `https://${address}` : address);
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function mailboxEnd(text: string, from: number): number | undefined {
  return endOf(MAILBOX, text, from);
}

function webAddressEnd(text: string, start: number, scheme: string): number | undefined {
  const hostStart = scheme === 'www.' ? start : start + scheme.length;
  const hostEnd = endOf(HOST, text, hostStart);
  if (hostEnd === undefined) return undefined;
  const host = text.slice(hostStart, hostEnd);
  const length = hostLength(host);
  if (scheme === 'www.' && !/^www\.[^.]+\../i.test(host.slice(0, length))) return undefined;
  if (length < host.length) return hostStart + length;
  const tailStart = endOf(PORT, text, hostEnd) ?? hostEnd;
  const tailEnd = endOf(TAIL, text, tailStart);
  return tailEnd === undefined ? tailStart : tailStart + tailLength(text.slice(tailStart, tailEnd));
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** `example.org를` is `example.org`, and `한글.한국에서` is `한글.한국`. */
function hostLength(host: string): number {
  const last = host.lastIndexOf('.') + 1;
  const top = host.slice(last);
  const hangul = HANGUL_TLD.exec(top)?.[0];
  if (hangul) return last + hangul.length;
  if (!/[^\0-\x7f]/.test(top)) return host.length;
  const boundary = GLUED_AFTER_ASCII.exec(host);
  return boundary ? boundary.index : host.length;
}

/** How much of what follows a host belongs to the address. */
function tailLength(tail: string): number {
  const most = withoutPunctuation(tail, tail.length);
  return withoutPunctuation(tail, withoutWords(tail, most));
}

/** Punctuation at the end belongs to the sentence, and a closing bracket if it was opened before the address. */
function withoutPunctuation(tail: string, length: number): number {
  const part = tail.slice(0, length);
  let excess = { ')': count(part, ')') - count(part, '('), ']': count(part, ']') - count(part, '[') };
  let end = length;
  for (; end > 0; end -= 1) {
    const last = part[end - 1];
    if (last === ')' || last === ']') {
      if (excess[last] <= 0) break;
      excess = { ...excess, [last]: excess[last] - 1 };
    } else if (!`.,:;!?'*~([·・`.includes(last as string)) break;
  }
  return end;
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

// A page's name in a wiki often mixes scripts: `/wiki/C언어`.
const WIKI = /^\/(?:wiki|w)\//;

// A name may begin after one of these.
const BEFORE_NAME = '/=?&#_-+:[';

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

// What shows that an address goes on: `6월_민주_항쟁`, `C언어.pdf`.
const GOES_ON = /[_\-/=&%+][\p{L}\p{N}(]|\.[a-z\d]/iuy;

/**
 * Cuts off words that follow an address without a space. Letters of such a language belong to the address if a name
 * begins with them (`/wiki/한국`) or if the address goes on after them; otherwise the text goes on (`/b에서`).
 */
function withoutWords(tail: string, length: number): number {
  const isWiki = WIKI.test(tail);
  let scanned = 0;
  let open = 0;
  let nameStart = 0;
  for (const { 0: run, index } of tail.slice(0, length).matchAll(GLUED)) {
    for (; scanned < index; scanned += 1) {
      const sign = tail[scanned] as string;
      if (sign === '(') open += 1;
      else if (sign === ')') open -= 1;
      if (BEFORE_NAME.includes(sign)) nameStart = scanned + 1;
    }
    const before = tail[index - 1] as string;
    const isName =
      nameStart === index ||
      // `/T1_(게임단)`, but not `/b(이쪽)`.
      (before === '(' && (isWiki || tail[index - 2] === '_')) ||
      (LETTER_OR_DIGIT.test(before) && (isWiki || open > 0 || startsWithGlued(tail, nameStart)));
    const end = index + run.length;
    if (!isName && endOf(GOES_ON, tail, end) === undefined) return index;
    const jamo = run.search(/[\u3131-\u318e]/);
    if (jamo >= 0 && !(run.length === 1 && nameStart === index)) return index + jamo;
    if (end === length) return end - particleAtEnd(run, { isAtRoot: index === 1 });
  }
  return length;
}

function startsWithGlued(tail: string, at: number): boolean {
  const first = tail.slice(at, at + 1);
  GLUED.lastIndex = 0;
  return GLUED.test(first);
}
