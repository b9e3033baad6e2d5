import { searchedPart, searchKey } from '@madang/protocol';

/** How well a text is found: 0 not at all, below 2 by other words for it as well, up to 5 if it is what was typed. */
export type Found = number;

/**
 * Finds what has a name and perhaps other words for it, with commas between them, by any part of them: as names are found
 * (see `search-key.ts` in the protocol: every form of a letter, Hangul by its initial consonants), and by several words in
 * any order. The first of the other words is its name in the other language.
 */
export function finder(search: string): (name: string, otherWords?: string) => Found {
  const parts = search
    .split(/\s+/u)
    .filter((each) => each !== '')
    .map(searchedPart);
  const whole = searchedPart(search);
  return (name, otherWords = '') => {
    if (whole.part === '') return 2;
    const key = keyOf(name, whole);
    if (key.split('\n', 1)[0] === whole.part) return 5;
    if (key.startsWith(whole.part)) return 4;
    if (name.split(/[\s·:,]+/u).some((word) => keyOf(word, whole).startsWith(whole.part))) return 3;
    if (key.includes(whole.part)) return 2;
    const phrases = [name, ...otherWords.split(',')];
    const hasAll = parts.every((part) => phrases.some((phrase) => keyOf(phrase, part).includes(part.part)));
    if (!hasAll) return 0;
    const named = parts.filter((part) => phrases.slice(0, 2).some((phrase) => keyOf(phrase, part).includes(part.part)));
    return 1 + named.length / (parts.length + 1);
  };
}

/** The line of a name's key in which a part is looked for, and what follows it. */
function keyOf(name: string, { isInitials }: { isInitials: boolean }): string {
  const key = searchKey(name);
  return isInitials ? key.slice(key.indexOf('\n') + 1) : key;
}
