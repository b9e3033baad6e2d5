import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { roomId, userRef } from './fields.js';
import { TYPING_MS } from './limits.js';

const typingStart = defineCommand({
  name: 'typing.start',
  doc: {
    en: `Shows the others in a room that you are typing, for ${TYPING_MS / 1000} s; call it again while it goes on.`,
    ko: `방의 다른 사람들에게 입력 중임을 ${TYPING_MS / 1000}초 동안 보입니다. 계속되면 다시 부르세요.`,
  },
  input: z.strictObject({ room: roomId }),
  output: z.object({ expiresMs: z.int() }),
  permission: 'room.write',
  budget: 'signal',
  http: { method: 'POST', path: '/rooms/:room/typing' },
});

const typingStarted = defineSignal(
  'typing.started',
  { room: roomId, user: userRef, expiresMs: z.int().meta({ description: 'Holds for so many ms' }) },
  {
    en: 'Somebody is typing. It ends after a while, or with their message.',
    ko: '누군가 입력 중입니다. 저절로, 또는 메시지와 함께 끝납니다.',
  },
);

export const typingCommands = byName(typingStart);

export const typingSignals = byName(typingStarted);
