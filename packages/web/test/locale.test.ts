import { expect, test } from 'vitest';
import { localeOf } from '../src/state/format-time.js';

test.each([
  ['en', ['en-GB', 'en'], 'en-GB'],
  ['en', ['en', 'en-AU'], 'en-AU'],
  ['ko', ['en-GB', 'ko-KR'], 'ko-KR'],
  ['en', ['ko-KR'], 'en-KR'],
  ['en', ['de-DE', 'de'], 'en-DE'],
  ['ko', ['ko'], 'ko'],
  ['ko', [], 'ko'],
  ['en', ['not a locale', 'en-US'], 'en-US'],
] as const)('a page in %s for who asks for %j has the formats of %s', (language, wanted, locale) => {
  expect(localeOf(language, wanted)).toBe(locale);
});
