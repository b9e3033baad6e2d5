import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInstance } from 'i18next';
import { describe, expect, test } from 'vitest';
import { errorTable } from '@madang/protocol';
import en from '../src/i18n/en.json' with { type: 'json' };
import ko from '../src/i18n/ko.json' with { type: 'json' };
import laterEn from '../src/i18n/later.en.json' with { type: 'json' };
import laterKo from '../src/i18n/later.ko.json' with { type: 'json' };

type Texts = { [key: string]: string | Texts };

const PLURAL = /_(?:zero|one|two|few|many|other)$/;
const root = join(import.meta.dirname, '../src');

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

const english = new Map([...flatten(en), ...flatten(laterEn)]);
const korean = new Map([...flatten(ko), ...flatten(laterKo)]);
const withoutPlural = (keys: Iterable<string>) => new Set([...keys].map((key) => key.replace(PLURAL, '')));
const placeholders = (text: string) =>
  [...text.matchAll(/{{(\w+)}}/g)].map((each) => each[1] as string).sort((a, b) => (a < b ? -1 : 1));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

describe('texts', () => {
  test('no text is both among those of the first screen and among those that come later', () => {
    for (const key of flatten(laterEn).keys()) expect(flatten(en).has(key), key).toBe(false);
    for (const key of flatten(laterKo).keys()) expect(flatten(ko).has(key), key).toBe(false);
  });

  test('Korean and English have the same keys', () => {
    expect([...withoutPlural(korean.keys())].sort()).toEqual([...withoutPlural(english.keys())].sort());
  });

  test('no text is empty', () => {
    for (const [key, text] of [...english, ...korean]) expect(text.trim(), key).not.toBe('');
  });

  test('the same values are inserted in both', () => {
    for (const [key, text] of korean) {
      const other = english.get(key) ?? english.get(key.replace(PLURAL, '_other')) ?? '';
      expect(placeholders(text), key).toEqual(placeholders(other));
    }
  });

  test('each language has the plural forms that it needs, and no others', () => {
    for (const [language, texts] of [
      ['en', english],
      ['ko', korean],
    ] as const) {
      const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const counted = [...texts.keys()].filter((key) => PLURAL.test(key));
      for (const key of withoutPlural(counted)) {
        const found = counted
          .filter((each) => each.replace(PLURAL, '') === key)
          .map((each) => each.slice(key.length + 1));
        expect(found.sort(), `${language} ${key}`).toEqual([...needed].sort());
      }
    }
  });

  test('each key that is used exists, and each that exists is used', () => {
    const code = sources(root).join('\n');
    const known = withoutPlural(english.keys());
    const used = new Set([...code.matchAll(/'([a-z]\w*\.[a-zA-Z]\w*)'/g)].map((each) => each[1] as string));
    const called = [...code.matchAll(/\bt\('([^']+)'/g)].map((each) => each[1] as string);
    for (const key of called) expect(known, key).toContain(key);
    // Keys that are built at run time: an error's code, a presence, what a member did.
    for (const code_ of Object.keys(errorTable)) used.add(`error.${code_}`);
    for (const each of ['draft', 'edit', 'message']) used.add(`unsent.${each}`);
    for (const each of ['online', 'away', 'offline']) used.add(`member.${each}`);
    for (const each of ['joined', 'left', 'removed', 'madeOwner']) used.add(`member.${each}`).add(`member.${each}Many`);
    expect([...known].filter((key) => !used.has(key))).toEqual([]);
  });

  test('each error code has its text', () => {
    for (const code of Object.keys(errorTable)) {
      expect(english.has(`error.${code}`), code).toBe(true);
      expect(korean.has(`error.${code}`), code).toBe(true);
    }
  });

  test('Korean never has to guess a particle: names are followed by 님 or by something that suits any name', () => {
    for (const [key, text] of korean)
      expect(text, key).not.toMatch(/}}[’”]?(?:은|는|이|가|을|를|과|와)(?![가-힣])|\(으\)로|\(이\)/);
  });
});

describe('typing, in words', () => {
  test.each([
    ['ko', 'typing.one', { a: 'tea_time' }, 'tea_time 님이 입력하고 있습니다'],
    ['ko', 'typing.two', { a: '고구마', b: '별' }, '고구마 님과 별 님이 입력하고 있습니다'],
    ['ko', 'typing.many', { a: '고구마', count: 4 }, '고구마 님 외 4명이 입력하고 있습니다'],
    ['en', 'typing.one', { a: '고구마' }, '고구마 is typing'],
    ['en', 'typing.many', { a: 'mossy', count: 2 }, 'mossy and 2 others are typing'],
  ] as const)('%s %s', async (language, key, values, expected) => {
    expect(await words(language, key, values)).toBe(expected);
  });
});

async function words(language: 'ko' | 'en', key: string, values: object) {
  const i18n = createInstance();
  await i18n.init({
    lng: language,
    resources: { en: { web: en }, ko: { web: ko } },
    defaultNS: 'web',
    interpolation: { escapeValue: false },
  });
  return (i18n.t as (key: string, values: object) => string)(key, values);
}
