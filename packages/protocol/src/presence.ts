import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { timestamp, userRef } from './fields.js';

/** A user's presence: the most present of all their tabs and transports counts. */
export const presenceState = z.enum(['online', 'away', 'offline']);

/** A user's presence. */
export type PresenceState = z.infer<typeof presenceState>;

const presenceSet = defineCommand({
  name: 'presence.set',
  doc: {
    en: 'Sets whether the person at this connection is online or away (a hidden tab, no input).',
    ko: '이 연결의 사람이 자리에 있는지 비웠는지 알립니다(가려진 탭, 입력 없음).',
  },
  input: z.strictObject({ presence: z.enum(['online', 'away']) }),
  output: z.object({ presence: presenceState }),
  permission: 'session.use',
  budget: 'signal',
  http: { method: 'POST', path: '/presence' },
  line: { verb: 'presence', args: ['presence'] },
});

const presenceChanged = defineSignal(
  'presence.changed',
  { user: userRef, presence: presenceState, lastSeen: timestamp.optional() },
  {
    en: 'Somebody who shares a room with you came online, is away, or went offline.',
    ko: '같은 방에 있는 사람이 오거나, 자리를 비우거나, 떠났습니다.',
  },
);

export const presenceCommands = byName(presenceSet);

export const presenceSignals = byName(presenceChanged);
