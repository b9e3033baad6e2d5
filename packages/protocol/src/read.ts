import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { roomId, seq } from './fields.js';

const readMark = defineCommand({
  name: 'read.mark',
  doc: {
    en: 'Marks a room as read up to a seq. The mark never goes back.',
    ko: '방을 어디까지 읽었는지 알립니다. 뒤로 가지 않습니다.',
  },
  input: z.strictObject({ room: roomId, seq }),
  output: z.object({ room: roomId, seq: z.int() }),
  permission: 'room.read',
  budget: 'signal',
  http: { method: 'POST', path: '/rooms/:room/read' },
});

const readMarked = defineSignal(
  'read.marked',
  { room: roomId, seq },
  { en: 'You have read a room up to here on another connection.', ko: '다른 연결에서 여기까지 읽었습니다.' },
);

export const readCommands = byName(readMark);

export const readSignals = byName(readMarked);
