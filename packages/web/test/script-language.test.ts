import { expect, test } from 'vitest';
import { foreignRuns, languageByScript } from '../src/features/message/script-language.js';

test.each([
  ['안녕하세요', 'ko'],
  ['Hi 안녕', 'ko'],
  ['大韓民國 만세', 'ko'],
  ['こんにちは', 'ja'],
  ['東京タワー', 'ja'],
  ['时々刻々', 'ja'],
  ['我们一起去吧', 'zh-Hans'],
  ['我們一起去吧', 'zh-Hant'],
  ['Hello', undefined],
  ['123 😀', undefined],
] as const)('%s is %s', (text, language) => {
  expect(languageByScript(text)).toBe(language);
});

test('Japanese and Chinese parts of a Korean text are told apart, hanja is not, and no letter is lost', () => {
  expect(foreignRuns('안녕 今日は、いい天気。 그래')).toEqual([
    { text: '안녕 ' },
    { text: '今日は、いい天気。', language: 'ja' },
    { text: ' 그래' },
  ]);
  expect(foreignRuns('그는 我们一起去吧 했다')[1]).toEqual({ text: '我们一起去吧', language: 'zh-Hans' });
  expect(foreignRuns('大韓民國 만세')).toEqual([{ text: '大韓民國 만세' }]);
});
