import { blockersOf } from '../store/queries/blocks.js';
import type { Context } from './context.js';

/** The key of two users' direct room. Ids contain no spaces, so each pair has one key. */
export function directKey(one: string, other: string): string {
  return `direct:${[one, other].sort().join(' ')}`;
}

/**
 * Updates two users' direct room to their current blocks. Called after a block and after the room is created: if both
 * happen at the same time, the later one sees the other. Both users are told only if it changes what they may do:
 * otherwise the signal would reveal a second block, or the end of one of two.
 */
export async function settleBlock(
  room: string,
  one: string,
  other: string,
  { parts: { signals, store } }: Context,
): Promise<void> {
  const isBlocked = (await blockersOf(store.read, one, other)).length > 0;
  const wasBlocked = (await store.access(room, one))?.blocked === 1;
  await store.setBlocked(room, isBlocked);
  signals.blocked(room, isBlocked);
  if (isBlocked === wasBlocked) return;
  for (const user of [one, other]) signals.told(user, 'access.changed', { room });
}
