import { type EditedContent, noContent } from './content.js';
import type { Message } from './message.js';
import type { EventOf } from './table.js';

// In a file of its own, so that a client's bundle gets this without the schemas.

/** The whole message of a `message.created`, as commands return it. */
export function wholeMessage({ room, seq, at, actor, message }: EventOf<'message.created'>): Message {
  const { id, ...rest } = message;
  return { id, room, seq, author: actor, at, ...rest };
}

/** The new content in a `message.edited`; undefined if the message has none any more. */
export function editedContent({ text }: EventOf<'message.edited'>): EditedContent | undefined {
  return text === undefined ? undefined : { text };
}

/** A message after its deletion: its place, its author and its times are left. */
export function deletedMessage(message: Message, deletedAt: number): Message {
  const { id, room, seq, author, at, clientId, editedAt } = message;
  return {
    ...{ id, room, seq, author, ...noContent, at, deletedAt },
    ...(clientId !== undefined && { clientId }),
    ...(editedAt !== undefined && { editedAt }),
  };
}
