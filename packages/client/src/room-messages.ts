import {
  type CommandOutput,
  deletedMessage,
  editedContent,
  formatLimits,
  type Message,
  type Reaction,
  type UserRef,
} from '@madang/protocol';
import type { MessageEvent, RoomEvent } from './room-event.js';

/** A message, and the seq up to which it reflects the log: earlier events are already in it. */
interface Entry {
  message: Message;
  asOf: number;
}

/** The loaded messages of a room: pure data, changed by the functions below. */
export interface RoomMessages {
  /** By seq, from the oldest loaded page on. */
  entries: readonly Entry[];
  /** All messages up to this seq, back to the oldest loaded page, are here. */
  upTo: number;
  hasOlder: boolean;
  /** Messages up to this seq are no longer kept, by the server's last answer; 0 while all are kept. */
  logStart: number;
}

type Page = CommandOutput<'message.list'>;

/** Before anything was loaded. */
export const noMessages: RoomMessages = { entries: [], upTo: 0, hasOlder: false, logStart: 0 };

/** The newest page, and the events that arrived while it was read. */
export function newestPage(page: Page, since: readonly RoomEvent[], me: string): RoomMessages {
  const { head, more, logStart = 0 } = page;
  const loaded: RoomMessages = { entries: page.messages.map(entryOf(page)), upTo: head, hasOlder: more, logStart };
  return since.reduce<RoomMessages>((held, event) => applyEvent(held, event, me), loaded);
}

/**
 * A page before the oldest loaded message, and the events that arrived while it was read. Drops what is no longer kept.
 */
export function olderPage(held: RoomMessages, page: Page, since: readonly RoomEvent[], me: string): RoomMessages {
  const oldest = held.entries[0]?.message.seq ?? Infinity;
  const older = page.messages.filter((message) => message.seq < oldest).map(entryOf(page));
  const entries = since.reduce<readonly Entry[]>((all, event) => changeEntry(all, event, me), older);
  const { logStart = 0 } = page;
  const kept = [...entries, ...held.entries].filter(({ message }) => message.seq > logStart);
  return { ...held, entries: kept, hasOlder: page.more, logStart };
}

/** Applies an event, in seq order. One that is already reflected changes nothing. */
export function applyEvent(held: RoomMessages, event: RoomEvent, me: string): RoomMessages {
  const upTo = Math.max(held.upTo, event.seq);
  if (event.type === 'message.created') {
    if (event.seq <= held.upTo) return held;
    return { ...held, upTo, entries: insert(held.entries, { message: event.message, asOf: event.seq }) };
  }
  return { ...held, upTo, entries: changeEntry(held.entries, event, me) };
}

/** Adds a message from an acknowledgement, which may come before its event and before events with a lower seq. */
export function confirm(held: RoomMessages, message: Message): RoomMessages {
  // The answer to a repeated send may be about a message further back than those loaded.
  if (message.seq <= held.upTo) return held;
  // It may also reflect a later moment. Applying a later edit or deletion again then changes nothing, but a reaction
  // would count twice.
  const { reactions: _, ...unreacted } = message;
  return { ...held, entries: insert(held.entries, { message: unreacted, asOf: message.seq }) };
}

/** Drops all but the newest. */
export function keepNewest(held: RoomMessages, count: number): RoomMessages {
  if (held.entries.length <= count) return held;
  return { ...held, entries: held.entries.slice(-count), hasOlder: true };
}

function entryOf(page: Page): (message: Message) => Entry {
  return (message) => ({ message, asOf: page.head });
}

/** Inserts a message in its place. An existing one stays as it is, since later events may have changed it. */
function insert(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const { seq } = entry.message;
  const before = entries.findLastIndex((each) => each.message.seq <= seq);
  if (entries[before]?.message.seq === seq) return entries;
  return entries.toSpliced(before + 1, 0, entry);
}

function changeEntry(entries: readonly Entry[], event: RoomEvent, me: string): readonly Entry[] {
  if (!('messageId' in event)) return entries;
  const index = entries.findLastIndex(({ message }) => message.id === event.messageId);
  const entry = entries[index];
  if (!entry || event.seq <= entry.asOf) return entries;
  return entries.with(index, { message: changed(entry.message, event, me), asOf: event.seq });
}

/** What the event makes of its message. Doesn't compile while an event is missing. */
function changed(message: Message, event: MessageEvent, me: string): Message {
  switch (event.type) {
    case 'message.edited': {
      // Without content, the message has none any more: its deletion follows in the log, or the log no longer keeps it.
      const content = editedContent(event);
      return content ? { ...message, ...content, editedAt: event.at } : message;
    }
    case 'message.deleted':
      return deletedMessage(message, event.at);
    case 'message.reacted':
      return { ...message, reactions: react(message.reactions ?? [], event, me) };
    default:
      event satisfies never;
      return message;
  }
}

type Reacted = Extract<RoomEvent, { type: 'message.reacted' }>;

function react(reactions: readonly Reaction[], event: Reacted, me: string): Reaction[] {
  const index = reactions.findIndex(({ emoji }) => emoji === event.emoji);
  const reaction = reactions[index] ?? { emoji: event.emoji, count: 0, users: [] };
  const after = event.action === 'added' ? withUser(reaction, event.actor, me) : withoutUser(reaction, event.actor, me);
  if (after.count === 0) return reactions.filter(({ emoji }) => emoji !== event.emoji);
  return index === -1 ? [...reactions, after] : reactions.with(index, after);
}

function withUser(reaction: Reaction, user: UserRef, me: string): Reaction {
  const users = reaction.users.length < formatLimits.reactionUsers ? [...reaction.users, user] : reaction.users;
  return { ...reaction, users, count: reaction.count + 1, reacted: reaction.reacted === true || user.id === me };
}

function withoutUser(reaction: Reaction, user: UserRef, me: string): Reaction {
  const users = reaction.users.filter(({ id }) => id !== user.id);
  return { ...reaction, users, count: reaction.count - 1, reacted: reaction.reacted === true && user.id !== me };
}
