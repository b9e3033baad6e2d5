/**
 * Finds where an address in a text ends. Korean puts particles directly after a word (`https://a.kr/b에서`), and a
 * linkifier takes them for a part of the address.
 */

// Hangul after an ASCII address is a particle; after Hangul (`/문서/회의록`) or `=` it belongs to the address.
const HANGUL_TAIL = /(?<=[\w/~%+-])[\p{Script=Hangul}]+$/u;

/** How many characters at the end of a linkified address don't belong to it. */
export function trailingParticle(url: string): number {
  const tail = HANGUL_TAIL.exec(url)?.[0];
  if (!tail) return 0;
  const before = url.slice(0, -tail.length);
  return /[^\p{ASCII}]/u.test(before) ? 0 : isPathSegment(before, tail) ? 0 : tail.length;
}

/** `https://ko.wikipedia.org/wiki/마당`: a whole segment in Hangul is a name, unless it is a bare particle. */
function isPathSegment(before: string, tail: string): boolean {
  return before.endsWith('/') && !PARTICLES.has(tail);
}

const PARTICLES = new Set(
  '에 에서 에는 에도 에서는 에게 로 으로 로는 를 을 가 이 은 는 와 과 도 의 만 나 이나 랑 이랑 까지 부터 보다 처럼 라고 이라고 입니다 이에요 예요 인데 이고 고 요'.split(
    ' ',
  ),
);
