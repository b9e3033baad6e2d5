import { describe, expect, test } from 'vitest';
import { emojiJson } from '../emoji-data.js';

interface Data {
  emojis: { emoji: string; label: string; tags: string[]; category: number }[];
  categories: { index: number; label: string }[];
}

// What the protocol accepts as one emoji.
const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');

describe.each(['ko', 'en'])('emoji in %s', (language) => {
  const data = JSON.parse(emojiJson(language)) as Data;

  test('each can be a reaction', () => {
    expect(data.emojis.filter(({ emoji }) => !RGI_EMOJI.test(emoji))).toEqual([]);
    expect(data.emojis.length).toBeGreaterThan(1500);
  });

  test('each belongs to a category', () => {
    const known = new Set(data.categories.map(({ index }) => index));
    expect(data.emojis.every(({ category }) => known.has(category))).toBe(true);
  });
});

test('they can be found by Korean words', () => {
  const { emojis } = JSON.parse(emojiJson('ko')) as Data;
  const found = (words: string) =>
    emojis.filter(({ label, tags }) => [label, ...tags].some((each) => each.includes(words))).map(({ emoji }) => emoji);
  expect(found('고양이')).toContain('🐱');
  expect(found('하트')).toContain('❤️');
});
