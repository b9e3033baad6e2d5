import type { Activity } from '@madang/client';
import { createInstance } from 'i18next';
import { expect, test } from 'vitest';
import { activitySentences } from '../src/features/message/activity-sentences.js';
import en from '../src/i18n/en.json' with { type: 'json' };
import ko from '../src/i18n/ko.json' with { type: 'json' };

const base = { room: 'lobby', seq: 1, at: 0, actor: { id: 'u1', name: '새벽별' } };
const user = { id: 'u2', name: '길손' };

/** One of every kind that a room shows between its messages; a kind without one does not compile. */
const samples: { [Type in Activity['type']]: Extract<Activity, { type: Type }> } = {
  'member.joined': { ...base, type: 'member.joined', user, role: 'member' },
  'member.left': { ...base, type: 'member.left', user, reason: 'left' },
  'member.updated': { ...base, type: 'member.updated', user, previousName: '나그네' },
  'room.updated': { ...base, type: 'room.updated', name: '새 이름' },
  'message.pinned': { ...base, type: 'message.pinned', messageId: 'lobby.1' },
  'message.unpinned': { ...base, type: 'message.unpinned', messageId: 'lobby.1' },
};

test.each(['en', 'ko'])(
  'everything that a room shows between its messages has a sentence of its own in %s',
  async (lng) => {
    const i18n = createInstance();
    await i18n.init({ lng, resources: { en: { web: en }, ko: { web: ko } }, defaultNS: 'web' });
    const list = (names: readonly string[]) => names.join(', ');
    const told = Object.values(samples).map((each) => activitySentences(i18n.getFixedT(lng), list, [each]));
    for (const sentences of told) expect(sentences).toEqual([expect.stringMatching(/새벽별|길손/)]);
    expect(new Set(told.flat()).size).toBe(told.length);
    expect(
      activitySentences(i18n.getFixedT(lng), list, [samples['message.pinned'], samples['message.pinned']]),
    ).toHaveLength(1);
  },
);
