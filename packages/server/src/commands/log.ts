import { type CommandOutput, fail, formatLimits, MadangError, type ParsedInput } from '@madang/protocol';
import { requirePermission } from '../identity/policy.js';
import type { Context } from './context.js';
import { pageSize } from './page.js';

/** log.read */
export async function read(input: ParsedInput<'log.read'>, context: Context): Promise<CommandOutput<'log.read'>> {
  const { log } = context.parts;
  const page = await log.readAfter(context.access, input.after, pageSize(input.limit), input.epoch);
  return { ...page, epoch: log.epoch };
}

/** sync */
export async function sync(input: ParsedInput<'sync'>, context: Context): Promise<CommandOutput<'sync'>> {
  const { log, store } = context.parts;
  const rooms: CommandOutput<'sync'>['rooms'] = {};
  let left: number = formatLimits.pageEntries;
  for (const [room, after] of Object.entries(input.cursors)) {
    try {
      const access = await store.access(room, context.session.user.id);
      requirePermission(context.session, 'room.read', access ? { room: access } : {});
      const range = access ?? fail('not_found', 'There is no such room');
      const page = await log.readAfter(range, after, left, input.epoch);
      left -= page.events.length;
      rooms[room] = page;
    } catch (error) {
      if (!(error instanceof MadangError) || error.code === 'unavailable') throw error;
      rooms[room] = { error: error.toJSON() };
    }
  }
  return { rooms, epoch: log.epoch };
}
