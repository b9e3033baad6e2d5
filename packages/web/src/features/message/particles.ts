/**
 * Particles: words that Korean and Japanese put directly after a name. What stands after an address or after a mark may
 * be one; so may the end of a name, where only those count that no name ends in.
 */

/** What a Korean particle wants before it: a syllable with a final consonant, one without, or any. */
type Wants = 'consonant' | 'vowel' | 'any';

/** Those that hardly any name ends in, so that `/wiki/한국을` is the page 한국; but `/wiki/가을` is 가을. */
const SURE = new Map<string, Wants>([
  ...(
    ['에', '에서', '에서는', '에서도', '에는', '에도', '에게', '한테', '까지', '까지는', '부터', '처럼'] as const
  ).map((each) => [each, 'any'] as const),
  ...(['입니다', '입니까', '인데', '인데요'] as const).map((each) => [each, 'any'] as const),
  ...(['을', '은', '으로', '으로는', '이에요', '이라고', '이랑'] as const).map((each) => [each, 'consonant'] as const),
  ...(['를', '는', '예요', '라고', '로는'] as const).map((each) => [each, 'vowel'] as const),
]);

/** Those that names end in too: 나라의 but 회의, 제주도 but 지도. */
const UNSURE = ['이', '가', '로', '와', '과', '도', '의', '만', '나', '이나', '랑', '보다', '요', '이고', '고', '임'];

/** Whether a word is nothing but a Korean particle. */
export function isParticle(word: string): boolean {
  return SURE.has(word) || UNSURE.includes(word);
}

/** How many characters at the end of a name of letters are a particle after it, in UTF-16 units. */
export function particleAtEnd(name: string, { isAtRoot }: { isAtRoot: boolean }): number {
  // `https://example.org/은`: directly after the host, a bare particle is more likely than a page.
  if (SURE_ALONE.includes(name) || (isAtRoot && isParticle(name))) return name.length;
  for (let length = Math.min(4, name.length - 1); length > 0; length -= 1) {
    const wanted = SURE.get(name.slice(-length));
    if (wanted && fits(wanted, name.charCodeAt(name.length - length - 1))) return length;
  }
  return japaneseEnd(name);
}

/** Particles that are no name by themselves (은 is silver, 이 is two). */
const SURE_ALONE = [...SURE.keys()].filter((each) => each !== '은');

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const FINALS = 28;

function fits(wanted: Wants, before: number): boolean {
  if (before < FIRST_SYLLABLE || before > LAST_SYLLABLE) return false;
  const hasFinal = (before - FIRST_SYLLABLE) % FINALS !== 0;
  return wanted === 'any' || (wanted === 'consonant') === hasFinal;
}

/** `日本を見て` is 日本 and a clause, `時をかける少女` a title: a clause ends in Hiragana. */
function japaneseEnd(name: string): number {
  const object = name.indexOf('を', 1);
  if (object > 0 && /\p{Script=Hiragana}$/u.test(name)) return name.length - object;
  return /.(です|でした|ですか|から|まで|には|では)$/u.exec(name)?.[1]?.length ?? 0;
}
