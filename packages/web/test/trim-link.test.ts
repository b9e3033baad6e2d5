import { expect, test } from 'vitest';
import { trailingParticle } from '../src/features/message/trim-link.js';

test.each([
  ['https://a.kr/b에서', '에서'],
  ['https://a.kr/b', ''],
  ['https://a.kr/b/에서', '에서'],
  ['https://a.kr/b?x=1을', '을'],
  ['https://a.kr/#top으로', '으로'],
  ['https://ko.wikipedia.org/wiki/마당', ''],
  ['https://a.kr/문서/회의록에서', ''],
  ['https://a.kr/?q=마당', ''],
  ['http://localhost:3000입니다', '입니다'],
  ['https://a.kr/파일.pdf를', ''],
])('%s loses "%s"', (url, particle) => {
  expect(trailingParticle(url)).toBe(particle.length);
});
