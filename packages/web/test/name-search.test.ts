import { nameSearch } from '@madang/protocol';
import { expect, test } from 'vitest';

test.each([
  ['독서 모임', '모임'],
  ['독서 모임'.normalize('NFD'), '모임'],
  ['독서 모임', '모임'.normalize('NFD')],
  ['독서 모임', '독서모임'],
  ['독서 모임', '독서\u3000모임'],
  ['독서 모임', '\u200b모임'],
  // What is not typed to its end, in a form that an input method has on the way.
  ['독서 모임', '모이'],
  ['독서 모임', '모ㅇ'],
  ['가방', '갑'],
  ['과자', '고'],
  ['값싼 것', '갑'],
  ['ㅋㅋ방', 'ㅋㅋ'],
  ['한글', '\u1112\u1161\u11ab'],
  ['한글', 'ﾾￂﾤ'],
  // The beginnings of syllables.
  ['독서 모임', 'ㅁㅇ'],
  ['독서 모임', 'ㄷㅅㅁㅇ'],
  ['각시탈', 'ㄱㅅ'],
  ['각시탈', 'ㄳ'],
  ['Book Club', 'book club'],
  ['Book Club', 'ＢＯＯＫ'],
  ['ｂｏｏｋ', 'book'],
  ['École', 'ecole'],
  ['école', 'E\u0301COLE'],
  ['STRASSE', 'straße'],
  ['ΟΔΟΣ', 'οδος'],
  ['カフェ', 'ｶﾌｪ'],
  ['ガーデン', 'ｶﾞｰﾃﾞﾝ'],
  ['③조', '3조'],
  ['any', ''],
])('%j is found by %j', (name, search) => {
  expect(nameSearch(search)(name)).toBe(true);
});

test.each([
  ['독서 모임', 'ㅇㅁ'],
  ['독서 모임', 'ㄱ'],
  ['학교', 'ㄱㄱ'],
  ['가방', '나방'],
  ['カフェ', 'ガ'],
  ['book', 'look'],
])('%j is not found by %j', (name, search) => {
  expect(nameSearch(search)(name)).toBe(false);
});
