/**
 * What a nickname or a room's name may look like, judged by the name alone. Comparing names that look alike is up to
 * the server, which has the table of confusable characters (UTS 39).
 */

let emojiPattern: RegExp | undefined;

/**
 * Whole emoji. Compiling this pattern takes some 40 ms, which importers of this file who don't need it should not wait
 * for.
 */
function emoji(): RegExp {
  return (emojiPattern ??= new RegExp('\\p{RGI_Emoji}', 'gv'));
}

// Invisible characters other than spaces: controls, format characters (bidi, zero width, tags), default ignorables such as
// the Hangul fillers, and signs without ink (the Braille pattern without dots, the null notehead, the blank hieroglyphs,
// the object replacement character).
const WITHOUT_INK = String.raw`\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u{13441}\u{13442}\ufffc`;

// The same, private use and unassigned characters, which show something different everywhere, and every space other than
// the plain one.
const INVISIBLE = new RegExp(String.raw`[${WITHOUT_INK}\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}`, 'u');

const VISIBLE = new RegExp(String.raw`[^${WITHOUT_INK}\p{Z}]`, 'u');

// More than two marks on one letter form a "stack" that overlaps neighbouring text.
const STACKED_MARKS = /\p{M}{3,}/u;

const LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

/**
 * Normalises a name: NFC, so that decomposed Hangul equals composed (NFKC would turn ㅋㅋ into other letters); white
 * space is trimmed and collapsed.
 */
export function normalizeName(name: string): string {
  return name.normalize('NFC').trim().replaceAll(/\s+/gu, ' ');
}

/**
 * Compiles the patterns that check names, which would otherwise take some 40 ms of the first names in either kind of
 * string: a server's start can wait for that, connected users can't. The engine compiles once to interpret, and once to
 * run fast.
 */
export function warmNameChecks(): void {
  for (const name of ['name', '이름']) for (let times = 0; times < 3; times += 1) nameProblem(name);
}

/** Whether a text shows nothing: it is empty, or has only spaces, line breaks and invisible characters. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** Whether a text is one emoji. */
export function isEmoji(text: string): boolean {
  // This finds the longest emoji at the start of a text: the whole text, if that is one emoji.
  return text.match(emoji())?.[0] === text;
}

/** Says why a normalised name can't be used; undefined if it can. */
export function nameProblem(name: string): string | undefined {
  // An emoji's parts (joiners, variation selectors, tags) are invisible on their own, so whole emoji are removed first.
  const withoutEmoji = name.replaceAll(emoji(), '');
  if (INVISIBLE.test(withoutEmoji)) return 'must not contain invisible or control characters';
  if (STACKED_MARKS.test(withoutEmoji)) return 'must not stack marks on a letter';
  if (withoutEmoji === name && !LETTER_OR_NUMBER.test(name)) return 'must contain a letter, a number or an emoji';
  return undefined;
}

/** How many UTF-16 units of a name from elsewhere are read: longer ones are cut anyway. */
const MAX_RAW_UNITS = 400;

const INVISIBLE_BY_ITSELF = new RegExp(String.raw`[${WITHOUT_INK}\p{C}]`, 'gu');

/**
 * Makes a usable name out of one from elsewhere, such as the app that Madang is mounted in: normalised, without
 * characters that are invisible or overlap their neighbours, at most `maxChars` code points, never cutting a letter.
 * Undefined if nothing is left.
 */
export function cleanName(raw: string, maxChars: number): string | undefined {
  const visible = withoutInvisible(raw.slice(0, MAX_RAW_UNITS).replaceAll(/\s+/gu, ' ')).replaceAll(
    /(\p{M}{2})\p{M}+/gu,
    '$1',
  );
  const name = normalizeName(cutAtLetter(normalizeName(visible), maxChars));
  return nameProblem(name) === undefined ? name : undefined;
}

/** Removes invisible characters, except for parts of emoji. */
function withoutInvisible(text: string): string {
  let visible = '';
  let from = 0;
  for (const { 0: whole, index } of text.matchAll(emoji())) {
    visible += text.slice(from, index).replaceAll(INVISIBLE_BY_ITSELF, '') + whole;
    from = index + whole.length;
  }
  return visible + text.slice(from).replaceAll(INVISIBLE_BY_ITSELF, '');
}

function cutAtLetter(text: string, maxChars: number): string {
  let cut = '';
  let left = maxChars;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    left -= Array.from(segment).length;
    if (left < 0) break;
    cut += segment;
  }
  return cut;
}
