import type { Activity } from '@madang/client';
import { createInstance } from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { activitySentences } from '../src/features/message/activity-sentences.js';
import type { Translate } from '../src/i18n/i18n.js';
import en from '../src/i18n/en.json' with { type: 'json' };
import ko from '../src/i18n/ko.json' with { type: 'json' };

const base = { room: 'lobby', at: 0, actor: { id: 'x', name: '새벽별' } };
const person = (name: string) => ({ id: name, name });
const joined = (seq: number, name: string): Activity => ({
  ...base,
  type: 'member.joined',
  seq,
  user: person(name),
  role: 'member',
});
const left = (seq: number, name: string, reason: 'left' | 'removed' = 'left'): Activity => ({
  ...base,
  type: 'member.left',
  seq,
  user: person(name),
  reason,
});

let korean: Translate;
let english: Translate;

beforeAll(async () => {
  const i18n = createInstance();
  await i18n.init({
    resources: { en: { web: en }, ko: { web: ko } },
    defaultNS: 'web',
    interpolation: { escapeValue: false },
  });
  korean = i18n.getFixedT('ko');
  english = i18n.getFixedT('en');
});

const list = (names: readonly string[]) => names.join(', ');

test('people who joined one after the other are named together', () => {
  expect(activitySentences(korean, list, [joined(1, '고구마'), joined(2, 'mossy')])).toEqual([
    '고구마, mossy 님이 들어오셨습니다.',
  ]);
});

test('more than three are counted', () => {
  const items = ['a', 'b', 'c', 'd', 'e'].map((name, index) => joined(index, name));
  expect(activitySentences(korean, list, items)).toEqual(['a, b 님 외 3명이 들어오셨습니다.']);
  expect(activitySentences(english, list, items)).toEqual(['a, b and 3 others joined.']);
});

test('English says "was" for one and "were" for two', () => {
  const removed = ['a', 'b'].map((name, index) => left(index, name, 'removed'));
  expect(activitySentences(english, list, removed)).toEqual(['a, b were removed.']);
});

test('joins and leaves are two sentences, in order', () => {
  expect(activitySentences(english, list, [joined(1, 'a'), left(2, 'a'), left(3, 'b', 'removed')])).toEqual([
    'a joined.',
    'a left.',
    'b was removed.',
  ]);
});

test('a new nickname names both', () => {
  const renamed: Activity = { ...base, type: 'member.updated', seq: 1, user: person('별'), previousName: '달' };
  expect(activitySentences(korean, list, [renamed])).toEqual(['달 님이 이름을 바꾸셨습니다: 별']);
});
