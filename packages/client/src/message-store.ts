import { type CommandOutput, deletedMessage, editedContent, type Message } from '@madang/protocol';
import type { OfflineMessage } from './offline-store.js';
import { react } from './reactions.js';
import type { MessageEvent, RoomEvent } from './room-event.js';

/** A page of messages from the server. */
export type MessagePage = Pick<CommandOutput<'message.list'>, 'messages' | 'more' | 'newer' | 'head' | 'logStart'> & {
  asOf?: number;
};

/**
 * A message, and the seq up to which it reflects the log: earlier events are already in it. Reactions have their own seq,
 * because they are the only change that must not be applied twice.
 */
type Entry = OfflineMessage;

/**
 * The messages of a room that any list shows. Each is kept once, so a change to it shows in all lists. Order and gaps are
 * the lists' business.
 */
export class MessageStore {
  readonly #me: () => string;
  readonly #entries = new Map<number, Entry>();
  readonly #seqs = new Map<string, number>();
  /** Events up to this seq have been applied to all entries, except {@link #old} ones. */
  #upTo = 0;
  /** Entries that missed events. */
  readonly #old = new Set<number>();

  /** `me` is the caller's id. */
  constructor(me: () => string) {
    this.#me = me;
  }

  /** A message with what it reflects, to be kept. */
  entry(seq: number): OfflineMessage | undefined {
    return this.#entries.get(seq);
  }

  /** Takes messages that were kept; everything up to a seq is reflected in them. */
  restore(entries: readonly OfflineMessage[], upTo: number): void {
    for (const entry of entries) this.#set(entry);
    this.#upTo = upTo;
  }

  /** A message by its seq. */
  get(seq: number): Message | undefined {
    return this.#entries.get(seq)?.message;
  }

  /** Takes a page. Messages that are newer here than in the page stay. */
  put({ messages, head, asOf = head }: MessagePage): void {
    for (const message of messages) {
      const known = this.#entries.get(message.seq);
      const isOld = this.#old.has(message.seq);
      if (known && !isOld && Math.max(known.asOf, this.#upTo) >= head) continue;
      const read = { message, asOf: head, reactionsAsOf: asOf };
      this.#set(known && !isOld && known.reactionsAsOf > asOf ? withReactionsOf(known, read) : read, known);
    }
  }

  /** Adds a message from its event or from the answer to its send. One that is here stays: later events may have changed it. */
  add(message: Message): void {
    if (this.#entries.has(message.seq)) return;
    // An answer may reflect a later moment. Applying a later edit or deletion again then changes nothing, but a reaction
    // would count twice.
    const { reactions: _, ...unreacted } = message;
    this.#set({ message: unreacted, asOf: message.seq, reactionsAsOf: message.seq });
  }

  /** Takes a message from an answer that reflects the log up to `asOf`. Ignored if no list shows it, or if it is newer here. */
  settle(message: Message, asOf: number): void {
    const known = this.#entries.get(message.seq);
    if (!known || Math.max(known.asOf, this.#upTo) > asOf || known.reactionsAsOf > asOf) return;
    this.#set({ message, asOf, reactionsAsOf: asOf }, known);
  }

  /** Applies the room's next event. */
  apply(event: RoomEvent): void {
    this.#upTo = Math.max(this.#upTo, event.seq);
    this.change(event);
  }

  /** Applies an event to the message it is about. One that is already reflected changes nothing. */
  change(event: RoomEvent): void {
    if (!('messageId' in event)) return;
    const seq = this.#seqs.get(event.messageId);
    const entry = seq === undefined ? undefined : this.#entries.get(seq);
    if (!entry) return;
    const changed = changedBy(entry, event, this.#me());
    if (changed !== entry) this.#entries.set(entry.message.seq, changed);
  }

  /** Events were skipped: what is here may be out of date until a page brings it again. */
  skipped(): void {
    for (const seq of this.#entries.keys()) this.#old.add(seq);
  }

  /** Forgets all messages but these. */
  keepOnly(seqs: ReadonlySet<number>): void {
    for (const [seq, { message }] of this.#entries) {
      if (seqs.has(seq)) continue;
      this.#entries.delete(seq);
      this.#seqs.delete(message.id);
      this.#old.delete(seq);
    }
  }

  /** Forgets everything: seqs of another history mean nothing. */
  clear(): void {
    this.keepOnly(new Set());
    this.#upTo = 0;
  }

  #set(entry: Entry, known?: Entry): void {
    const { id, seq } = entry.message;
    // The same object for the same content, so that it is not rendered again.
    const isSame = known !== undefined && JSON.stringify(known.message) === JSON.stringify(entry.message);
    this.#entries.set(seq, isSame ? { ...entry, message: known.message } : entry);
    this.#seqs.set(id, seq);
    this.#old.delete(seq);
  }
}

function withReactionsOf({ message, reactionsAsOf }: Entry, entry: Entry): Entry {
  const { reactions: _, ...rest } = entry.message;
  const { reactions } = message;
  return { ...entry, message: { ...rest, ...(reactions && { reactions }) }, reactionsAsOf };
}

/** What the event makes of its message. Doesn't compile while an event is missing. */
function changedBy(entry: Entry, event: MessageEvent, me: string): Entry {
  const { message } = entry;
  if (event.seq <= (event.type === 'message.reacted' ? entry.reactionsAsOf : entry.asOf)) return entry;
  switch (event.type) {
    case 'message.edited': {
      // Without content, the message has none any more: its deletion follows in the log, or the log no longer keeps it.
      return { ...entry, message: { ...message, ...editedContent(event), editedAt: event.at }, asOf: event.seq };
    }
    case 'message.deleted':
      return { ...entry, message: deletedMessage(message, event.at), asOf: event.seq };
    case 'message.reacted': {
      // Its deletion, which follows in the log, is known already.
      if (message.deletedAt !== undefined) return entry;
      const { emoji, action, actor: user } = event;
      const reactions = react(message.reactions ?? [], { emoji, action, user }, me);
      return { ...entry, message: { ...message, reactions }, reactionsAsOf: event.seq };
    }
    case 'message.pinned':
      return { ...entry, message: { ...message, pinned: { by: event.actor, at: event.at } }, asOf: event.seq };
    case 'message.unpinned': {
      const { pinned: _, ...unpinned } = message;
      return { ...entry, message: unpinned, asOf: event.seq };
    }
    default:
      event satisfies never;
      return entry;
  }
}
