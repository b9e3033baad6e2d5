import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { cursor, roomId, seq } from './fields.js';

/** What is left to read in a room. */
const left = {
  unread: z.int().meta({ description: "Others' messages after the mark, counted to 100" }),
  mentions: z.int().meta({ description: 'Those that mention the caller, counted to 100' }),
  head: cursor.meta({ description: 'They are counted up to this seq' }),
};

const readMark = defineCommand({
  name: 'read.mark',
  doc: {
    en: 'Marks a room as read up to a seq, and returns what is left to read. The mark never goes back.',
    ko: '방을 어디까지 읽었는지 알리고, 남은 것의 수를 받습니다. 뒤로 가지 않습니다.',
  },
  input: z.strictObject({ room: roomId, seq }),
  output: z.object({ room: roomId, seq: z.int(), ...left }),
  permission: 'room.read',
  budget: 'signal',
  http: { method: 'POST', path: '/rooms/:room/read' },
});

const readMarked = defineSignal(
  'read.marked',
  { room: roomId, seq, ...left },
  { en: 'You have read a room up to here on another connection.', ko: '다른 연결에서 여기까지 읽었습니다.' },
);

export const readCommands = byName(readMark);

export const readSignals = byName(readMarked);
