import type { Message, MessageAbilities, RoomAbilities, UserRef } from '@madang/protocol';
import type { ViewMessage } from './message-list.js';
import type { OutboxEntry } from './outbox-store.js';

/** The user, and what they may do in the room. */
export interface Viewer {
  me: UserRef | undefined;
  can: RoomAbilities | undefined;
}

/** Turns messages into what a room shows: the same object for the same message, so that only changed rows are rendered again. */
export class ViewMessages {
  readonly #shown = new WeakMap<Message | OutboxEntry, ViewMessage>();

  /** A message from the log. */
  sent(message: Message, { me, can: room }: Viewer): ViewMessage {
    const isOwn = message.author.id === me?.id;
    const can = message.deletedAt === undefined ? room?.[isOwn ? 'ownMessages' : 'otherMessages'] : undefined;
    const shown = this.#shown.get(message);
    if (shown && shown.can !== can) this.#shown.delete(message);
    return this.#same(message, () => showSent(message, isOwn, can));
  }

  /** A message in the outbox. */
  waiting(entry: OutboxEntry, { me }: Viewer): ViewMessage {
    return this.#same(entry, () => showWaiting(entry, me));
  }

  #same(source: Message | OutboxEntry, make: () => ViewMessage): ViewMessage {
    let shown = this.#shown.get(source);
    if (!shown) {
      shown = make();
      this.#shown.set(source, shown);
    }
    return shown;
  }
}

function showSent(message: Message, isOwn: boolean, can: MessageAbilities | undefined): ViewMessage {
  // The `can` of an answer may be out of date; the one of the room is kept current.
  const { can: _, ...told } = message;
  const key = isOwn ? (message.clientId ?? message.id) : message.id;
  return { ...told, ...(can && { can }), key, delivery: 'sent' };
}

function showWaiting({ room, text, at, clientId, error }: OutboxEntry, me: UserRef | undefined): ViewMessage {
  const author = { id: me?.id ?? '', name: me?.name ?? '' };
  const base = { id: '', room, seq: 0, author, text, at, clientId, key: clientId };
  return error ? { ...base, delivery: 'failed', error } : { ...base, delivery: 'pending' };
}
