import { blockersOf } from '../store/queries/blocks.js';
import type { Context } from './context.js';

/** The key of the direct room of two users. Their ids hold no spaces, so a pair has one. */
export function directKey(one: string, other: string): string {
  return `direct:${[one, other].sort().join(' ')}`;
}

/**
 * Brings the direct room of two users in line with who blocks whom by now. After a block as after the room is made: of two
 * that happen at the same time the later one sees the other.
 */
export async function settleBlock(
  room: string,
  one: string,
  other: string,
  { parts: { signals, store } }: Context,
): Promise<void> {
  const isBlocked = (await blockersOf(store.read, one, other)).length > 0;
  await store.setBlocked(room, isBlocked);
  signals.blocked(room, isBlocked);
}
