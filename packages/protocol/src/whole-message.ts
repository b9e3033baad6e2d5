import type { Message } from './message.js';
import type { EventOf } from './table.js';

/**
 * The whole message that a `message.created` tells of, as commands answer with it. A file of its own, so that a client's
 * bundle has it without the schemas.
 */
export function wholeMessage({ room, seq, at, actor, message }: EventOf<'message.created'>): Message {
  const { id, ...rest } = message;
  return { id, room, seq, author: actor, at, ...rest };
}
