import type { StreamCursors } from '../../fanout/resume.js';

/** A stream's `id`: its history's epoch and the cursor of each room, `<epoch>;<room>=<seq>,…`. Clients take it as opaque. */
export function idOfCursors(epoch: string, cursors: ReadonlyMap<string, number>): string {
  return `${epoch};${[...cursors].map(([room, seq]) => `${room}=${seq}`).join(',')}`;
}

/** Reads an `id` back; undefined when it is none of ours. */
export function cursorsOfId(id: string): StreamCursors | undefined {
  const [epoch = '', list = ''] = id.split(';');
  if (!epoch || !id.includes(';')) return undefined;
  const rooms = new Map<string, number>();
  for (const pair of list.split(',').filter(Boolean)) {
    const match = /^([a-z0-9_-]+)=(\d{1,15})$/.exec(pair);
    if (!match?.[1]) return undefined;
    rooms.set(match[1], Number(match[2]));
  }
  return { epoch, rooms };
}
