import { type CommandOutput, formatLimits, type ParsedInput } from '@madang/protocol';
import { roomPlacesOf } from '../store/queries/members.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';
import { pageSize } from './page.js';

/** The answer of `sync` for every room that the caller isn't in, whether it exists or not. */
const NOT_YOURS: CommandOutput<'sync'>['rooms'][string] = {
  error: { code: 'not_found', message: 'You are in no such room' },
};

/** log.read */
async function read(input: ParsedInput<'log.read'>, context: Context): Promise<CommandOutput<'log.read'>> {
  const { log } = context.parts;
  const { after, epoch } = input;
  const reader = context.session.user.id;
  const page = await log.readAfter(context.access, { reader, after, limit: pageSize(input.limit), epoch });
  return { ...page, epoch: log.epoch };
}

/** sync */
async function sync(input: ParsedInput<'sync'>, context: Context): Promise<CommandOutput<'sync'>> {
  const { log, store } = context.parts;
  const reader = context.session.user.id;
  const places = await roomPlacesOf(store.read, reader);
  // Whoever is in a room may read it, so up to 500 rooms need no check each.
  const own = new Map(places.map((place) => [place.room, place]));
  const rooms: CommandOutput<'sync'>['rooms'] = {};
  let left: number = formatLimits.pageEntries;
  for (const [room, after] of Object.entries(input.cursors)) {
    const range = own.get(room);
    if (range) {
      const page = await log.readAfter(range, { reader, after, limit: left, epoch: input.epoch });
      left -= page.events.length;
      rooms[room] = page;
    } else {
      rooms[room] = NOT_YOURS;
    }
  }
  return { rooms, epoch: log.epoch };
}

export const logFunctions = {
  'log.read': read,
  sync,
} satisfies Functions;
