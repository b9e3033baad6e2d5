/**
 * Finding names by a part of them, whatever form their letters come in: composed or decomposed, wide or narrow, capital,
 * with an accent or without, Hangul in syllables or in single letters. Spaces and invisible characters don't count.
 */

/** The letters of Hangul as a keyboard has them, in the order of the conjoining letters of Unicode (U+1100 and on). */
const INITIALS = Array.from('ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ');
const VOWELS = 'ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ'.split(' ');
const FINALS =
  'ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ'.split(' ');

const INITIAL = /[\u1100-\u1112]/gu;
const VOWEL = /[\u1161-\u1175]/gu;
const FINAL = /[\u11a8-\u11c2]/gu;
const VOWEL_OR_FINAL = /[\u1161-\u1175\u11a8-\u11c2]/gu;

/** Accents, spaces, and what can't be seen. */
const UNSEARCHED = /[\u0300-\u036f\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

/** What a name is found by: its letters, and in a second line the letters that its syllables begin with. */
export function searchKey(name: string): string {
  const folded = fold(name);
  return `${inLetters(folded)}\n${inLetters(folded.replaceAll(VOWEL_OR_FINAL, ''))}`;
}

/**
 * The part of a {@link searchKey} that somebody searches for. Consonants alone (`ㅎㄱ`) are the beginnings of syllables
 * (`한글`), so `isInitials` says that they are to be found in the second line only.
 */
export function searchedPart(search: string): { part: string; isInitials: boolean } {
  const part = inLetters(fold(search));
  return { part, isInitials: /^[ㄱ-ㅎ]+$/u.test(part) };
}

/** Returns whether a name has what somebody searches for; every name has nothing. */
export function nameSearch(search: string): (name: string) => boolean {
  const { part, isInitials } = searchedPart(search);
  return (name) => {
    const key = searchKey(name);
    return key.includes(part, isInitials ? key.indexOf('\n') : 0);
  };
}

function fold(text: string): string {
  // Through capitals: ß is SS, and there are two small sigmas.
  return text.normalize('NFKD').replaceAll(UNSEARCHED, '').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/**
 * Decomposed Hangul as it is typed, so that a syllable that is not finished finds what it may become: `갑` is ㄱㅏㅂ, the
 * beginning of `가방`.
 */
function inLetters(decomposed: string): string {
  return decomposed
    .replaceAll(INITIAL, (letter) => INITIALS[letter.charCodeAt(0) - 0x1100] as string)
    .replaceAll(VOWEL, (letter) => VOWELS[letter.charCodeAt(0) - 0x1161] as string)
    .replaceAll(FINAL, (letter) => FINALS[letter.charCodeAt(0) - 0x11a8] as string);
}
