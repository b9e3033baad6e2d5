import {
  type CommandOutput,
  formatLimits,
  type LoggedEvent,
  type Message,
  type Reaction,
  type UserRef,
} from '@madang/protocol';

/** A message, and up to which seq it is what the log says: events up to it are in it already. */
interface Entry {
  message: Message;
  asOf: number;
}

/** What is held of a room's messages: pure data, changed by the functions below. */
export interface RoomMessages {
  /** By seq, without those that are older than the oldest page. */
  entries: readonly Entry[];
  /** Messages up to this seq are here, as far as the pages reach back. */
  upTo: number;
  hasOlder: boolean;
  /** Up to this seq the server keeps none any more, as it said last; 0 while it keeps all. */
  logStart: number;
}

type Page = CommandOutput<'message.list'>;

/** Before anything was loaded. */
export const noMessages: RoomMessages = { entries: [], upTo: 0, hasOlder: false, logStart: 0 };

/** The newest page, and the events that came while it was read. */
export function newestPage(page: Page, since: readonly LoggedEvent[], me: string): RoomMessages {
  const { head, more, logStart = 0 } = page;
  const loaded: RoomMessages = { entries: page.messages.map(entryOf(page)), upTo: head, hasOlder: more, logStart };
  return since.reduce<RoomMessages>((held, event) => applyEvent(held, event, me), loaded);
}

/** A page before the oldest held, and the events that came while it was read. What is no longer kept goes. */
export function olderPage(held: RoomMessages, page: Page, since: readonly LoggedEvent[], me: string): RoomMessages {
  const oldest = held.entries[0]?.message.seq ?? Infinity;
  const older = page.messages.filter((message) => message.seq < oldest).map(entryOf(page));
  const entries = since.reduce<readonly Entry[]>((all, event) => changeEntry(all, event, me), older);
  const { logStart = 0 } = page;
  const kept = [...entries, ...held.entries].filter(({ message }) => message.seq > logStart);
  return { ...held, entries: kept, hasOlder: page.more, logStart };
}

/** Takes an event in, in seq order. One that is in already changes nothing. */
export function applyEvent(held: RoomMessages, event: LoggedEvent, me: string): RoomMessages {
  const upTo = Math.max(held.upTo, event.seq);
  if (event.type === 'message.created') {
    if (event.seq <= held.upTo) return held;
    return { ...held, upTo, entries: insert(held.entries, { message: event.message, asOf: event.seq }) };
  }
  return { ...held, upTo, entries: changeEntry(held.entries, event, me) };
}

/** Takes a message in that an acknowledgement brought, perhaps before its event and before events below it. */
export function confirm(held: RoomMessages, message: Message): RoomMessages {
  // The answer to a repeated send may be of a message that is further back than what is held.
  if (message.seq <= held.upTo) return held;
  // That answer may also be of a later moment. An edit or a deletion to come changes nothing then; a reaction would count
  // twice.
  const { reactions: _, ...unreacted } = message;
  return { ...held, entries: insert(held.entries, { message: unreacted, asOf: message.seq }) };
}

/** Lets go of all but the newest. */
export function keepNewest(held: RoomMessages, count: number): RoomMessages {
  if (held.entries.length <= count) return held;
  return { ...held, entries: held.entries.slice(-count), hasOlder: true };
}

function entryOf(page: Page): (message: Message) => Entry {
  return (message) => ({ message, asOf: page.head });
}

/** Puts a message in its place; one that is there stays as it is, since it may have been changed by later events. */
function insert(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const { seq } = entry.message;
  const before = entries.findLastIndex((each) => each.message.seq <= seq);
  if (entries[before]?.message.seq === seq) return entries;
  return entries.toSpliced(before + 1, 0, entry);
}

function changeEntry(entries: readonly Entry[], event: LoggedEvent, me: string): readonly Entry[] {
  if (!('messageId' in event)) return entries;
  const index = entries.findLastIndex(({ message }) => message.id === event.messageId);
  const entry = entries[index];
  if (!entry || event.seq <= entry.asOf) return entries;
  return entries.with(index, { message: changed(entry.message, event, me), asOf: event.seq });
}

function changed(message: Message, event: LoggedEvent, me: string): Message {
  switch (event.type) {
    case 'message.edited':
      // Without a text its message has none any more: the log goes on to its deletion, or no longer keeps it.
      return event.text === '' ? message : { ...message, text: event.text, editedAt: event.at };
    case 'message.deleted': {
      const { reactions: _, ...rest } = message;
      return { ...rest, text: '', deletedAt: event.at };
    }
    case 'message.reacted':
      return { ...message, reactions: react(message.reactions ?? [], event, me) };
    default:
      return message;
  }
}

type Reacted = Extract<LoggedEvent, { type: 'message.reacted' }>;

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
