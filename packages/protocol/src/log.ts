import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { cursor, limit, roomId, shortRecord, shortText } from './fields.js';
import { formatLimits } from './limits.js';

/** Any event: `type` is its name, the other fields are those of its row. */
const loggedEvent = z.looseObject({ type: z.string(), room: roomId, seq: z.int(), at: z.int() }).meta({
  id: 'Event',
  description:
    'An event with its name as `type`, which live events have in their frame instead; the other fields are those of its row',
});

const epoch = shortText(40).optional();

const reset = z.boolean().optional().meta({ description: 'Forget what you have of this room and read it anew' });

const logStart = cursor.optional().meta({
  description:
    'Up to this seq the log is no longer kept; absent while all of it is. A cursor below it is answered with `reset`; from it on, all that is left can be read',
});

function countOf(cursors: unknown): number {
  return typeof cursors === 'object' && cursors !== null ? Object.keys(cursors).length : 0;
}

const logRead = defineCommand({
  name: 'log.read',
  doc: {
    en: "Reads a room's log after a seq. `reset` instead of events if the cursor is from another history, or below `logStart`.",
    ko: '방의 기록을 어떤 seq 다음부터 읽습니다. 커서가 다른 역사의 것이거나 `logStart`보다 앞이면 이벤트 대신 `reset`입니다.',
  },
  input: z.strictObject({ room: roomId, after: cursor, limit, epoch }),
  output: z.object({
    events: z.array(loggedEvent),
    head: cursor,
    more: z.boolean(),
    epoch: z.string(),
    reset,
    logStart,
  }),
  permission: 'room.read',
  budget: 'read',
  http: { method: 'GET', path: '/rooms/:room/log' },
});

const sync = defineCommand({
  name: 'sync',
  doc: {
    en: `Returns what you missed in many rooms: the events after each cursor, ${formatLimits.pageEntries} in all. Where \`more\` is set, continue with \`log.read\`. A room that is not yours has an \`error\` instead.`,
    ko: `여러 방에서 놓친 것을 가져옵니다. 커서마다 그 다음 이벤트를, 모두 ${formatLimits.pageEntries}개까지 줍니다. \`more\`이면 \`log.read\`로 이어 갑니다. 내 방이 아니면 \`error\`입니다.`,
  },
  input: z.strictObject({
    cursors: shortRecord(roomId, cursor, {
      most: formatLimits.syncRooms,
      words: `must be at most ${formatLimits.syncRooms} rooms`,
    }),
    epoch,
  }),
  output: z.object({
    rooms: z.record(
      roomId,
      z.union([
        z.object({ events: z.array(loggedEvent), head: cursor, more: z.boolean(), reset, logStart }),
        z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
      ]),
    ),
    epoch: z.string(),
  }),
  permission: 'session.use',
  budget: 'read',
  cost: ({ cursors }) => Math.ceil(countOf(cursors) / formatLimits.syncRoomsPerPoint),
  http: { method: 'POST', path: '/sync' },
});

const roomBehind = defineSignal(
  'room.behind',
  { room: roomId, head: cursor },
  {
    en: 'Live delivery skipped you in a room because you read too slowly: read its log.',
    ko: '너무 느리게 읽어서 실시간 전달을 건너뛰었습니다. 기록을 읽으세요.',
  },
);

export const logCommands = byName(logRead, sync);

export const logSignals = byName(roomBehind);
