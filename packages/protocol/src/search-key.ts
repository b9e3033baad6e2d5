/**
 * Finding names by a part of them, whatever form their letters come in: composed or decomposed, wide or narrow, capital,
 * with an accent or without, Hangul in syllables or in single letters. Spaces and invisible characters don't count.
 */

/** The letters of Hangul as a keyboard has them, in the order of the conjoining letters of Unicode (U+1100 and on). */
const INITIALS = Array.from('ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ');
const VOWELS = 'ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ'.split(' ');
const FINALS =
  'ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ'.split(' ');

/** What is typed for each conjoining letter: those that begin a syllable, and the vowels and finals after them. */
const INITIAL = typedFor(0x1100, INITIALS);
const AFTER_INITIAL = new Map([...typedFor(0x1161, VOWELS), ...typedFor(0x11a8, FINALS)]);

/** Accents, spaces, and what can't be seen. */
const UNSEARCHED = /[\u0300-\u036f\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

/**
 * What a name is found by: its letters, and in a second line the letters that its syllables begin with. Hangul is as it is
 * typed, so that a syllable that is not finished finds what it may become: `갑` is ㄱㅏㅂ, the beginning of `가방`.
 */
export function searchKey(name: string): string {
  let letters = '';
  let initials = '';
  // In one pass: there may be thousands of names.
  for (const letter of fold(name)) {
    const after = AFTER_INITIAL.get(letter);
    const typed = after ?? INITIAL.get(letter) ?? letter;
    letters += typed;
    if (after === undefined) initials += typed;
  }
  return `${letters}\n${initials}`;
}

/**
 * The part of a {@link searchKey} that somebody searches for. Consonants alone (`ㅎㄱ`) are the beginnings of syllables
 * (`한글`), so `isInitials` says that they are to be found in the second line only.
 */
export function searchedPart(search: string): { part: string; isInitials: boolean } {
  const [part = ''] = searchKey(search).split('\n');
  return { part, isInitials: /^[ㄱ-ㅎ]+$/u.test(part) };
}

/** How many names' keys are kept, since all names are looked through again at each key that is pressed. */
const KEPT = 10_000;
const keys = new Map<string, string>();

/** Returns whether a name has what somebody searches for; every name has nothing. */
export function nameSearch(search: string): (name: string) => boolean {
  const { part, isInitials } = searchedPart(search);
  return (name) => {
    const key = keptKey(name);
    return key.includes(part, isInitials ? key.indexOf('\n') : 0);
  };
}

function keptKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size >= KEPT) keys.clear();
  const key = searchKey(name);
  keys.set(name, key);
  return key;
}

function fold(text: string): string {
  // Through capitals: ß is SS, and there are two small sigmas.
  return text.normalize('NFKD').replaceAll(UNSEARCHED, '').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

function typedFor(first: number, letters: readonly string[]): Map<string, string> {
  return new Map(letters.map((letter, index) => [String.fromCharCode(first + index), letter]));
}
