import { type CommandOutput, fail, type Message, type MessageContent, type ParsedInput } from '@madang/protocol';
import { refOf } from '../identity/actor.js';
import { messageIdOf } from '../log/event-record.js';
import { newEvent, type SentMessage } from '../log/projections.js';
import {
  findMessage,
  findMessageByClientId,
  listMessages,
  listPins,
  messageIn,
  type MessageRow,
  reactionsOf,
  withReactions,
} from '../store/queries/messages.js';
import { contentOf, isSameContent } from '../store/content.js';
import type { NewEvent, RoomAccess } from '../store/store.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';
import { pageSize } from './page.js';

/** The most different emoji on one message. */
const MAX_EMOJI = 20;

/** The most pinned messages in one room: `pin.list` answers with all of them. */
const MAX_PINS = 50;

/** message.send */
async function send(input: ParsedInput<'message.send'>, context: Context): Promise<CommandOutput<'message.send'>> {
  const { room, clientId, ...given } = input;
  const author = refOf(context.session.user);
  const looking = context.parts.mentions.of(author.id, room, given.text);
  const mentions = looking && (await looking);
  const content: MessageContent = mentions ? { ...given, mentions: [...mentions] } : given;
  const created = await context.parts.log.append({
    room,
    actor: author,
    guard: author.id,
    events: [newEvent.messageCreated(content, clientId)],
  });
  if (!created) {
    const sent = await findSent(input, context);
    return sent ?? fail('conflict', 'You have already sent something else under this clientId', { field: 'clientId' });
  }
  context.parts.signals.sent(room, author.id);
  const { seq, at } = created;
  const id = messageIdOf(room, seq);
  // The spread comes last: V8 defines each field after one by a slow call.
  const message: Message = { id, room, seq, author, at, ...content };
  if (clientId !== undefined) message.clientId = clientId;
  return { message: addAbilities(message, context.access, context) };
}

/** The first result, if a send repeats an earlier one; else undefined. */
export async function findSent(
  input: ParsedInput<'message.send'>,
  context: Context,
): Promise<CommandOutput<'message.send'> | undefined> {
  const { store } = context.parts;
  const earlier =
    input.clientId === undefined
      ? undefined
      : await findMessageByClientId(store.read, context.session.user.id, input.clientId);
  if (!earlier || earlier.room_id !== input.room) return undefined;
  const isChanged = earlier.edited_at !== null || earlier.deleted_at !== null;
  const { room, clientId: _, ...given } = input;
  const content = contentOf(earlier);
  if (!isChanged && !isSameContent(content, { ...content, ...given })) return undefined;
  const access = await store.access(room, context.session.user.id);
  // An author who has left the room learns that the message was stored, and nothing that others did with it since.
  if (!access?.role) {
    const { pinned: _pinned, ...sent } = messageIn(earlier);
    return { message: sent };
  }
  return { message: await described(earlier, access, context) };
}

/** message.edit */
async function edit(input: ParsedInput<'message.edit'>, context: Context): Promise<CommandOutput<'message.edit'>> {
  const { message, was, ...content } = input;
  const happened = await append(context, newEvent.messageEdited(subjectOf(context.message), content, was));
  const answer = await current(message, context);
  if (!happened && was !== undefined && answer.message.text !== content.text) {
    return fail('conflict', 'The message has been changed since; read it again', { field: 'was' });
  }
  return answer;
}

/** message.delete */
async function remove(
  input: ParsedInput<'message.delete'>,
  context: Context,
): Promise<CommandOutput<'message.delete'>> {
  const subject = subjectOf(context.message);
  // The second event happens only if the message is pinned.
  return change(input.message, context, newEvent.messageDeleted(subject, context.message.author_id), unpinned(subject));
}

/** message.react */
async function react(input: ParsedInput<'message.react'>, context: Context): Promise<CommandOutput<'message.react'>> {
  const { emoji } = input;
  const subject = subjectOf(context.message);
  const message = subject.seq;
  const action = input.remove ? 'removed' : 'added';
  const answer = await change(
    input.message,
    context,
    newEvent.ofMessage(
      'message.reacted',
      subject,
      { emoji, action },
      action === 'added'
        ? { kind: 'insertReaction', message, emoji, maxEmoji: MAX_EMOJI }
        : { kind: 'deleteReaction', message, emoji },
    ),
  );
  const has = answer.message.reactions?.some((reaction) => reaction.emoji === emoji && reaction.reacted);
  if (action === 'added' && !has)
    return fail('conflict', 'The message has been deleted, or already has 20 different emoji');
  return answer;
}

/** message.pin */
async function pin(input: ParsedInput<'message.pin'>, context: Context): Promise<CommandOutput<'message.pin'>> {
  const subject = subjectOf(context.message);
  const pinning = { kind: 'pinMessage', message: subject.seq, most: MAX_PINS } as const;
  const happened = await append(context, newEvent.ofMessage('message.pinned', subject, {}, pinning));
  const answer = await current(input.message, context);
  if (happened || answer.message.pinned) return answer;
  if (answer.message.deletedAt !== undefined) return fail('not_found', 'There is no such message');
  return fail('conflict', `The room already has ${MAX_PINS} pinned messages; unpin one first`, { limit: MAX_PINS });
}

/** message.unpin */
async function unpin(input: ParsedInput<'message.unpin'>, context: Context): Promise<CommandOutput<'message.unpin'>> {
  return change(input.message, context, unpinned(subjectOf(context.message)));
}

function unpinned(subject: SentMessage): NewEvent {
  return newEvent.ofMessage('message.unpinned', subject, {}, { kind: 'unpinMessage', message: subject.seq });
}

/** pin.list */
async function listPinned(input: ParsedInput<'pin.list'>, context: Context): Promise<CommandOutput<'pin.list'>> {
  const { read } = context.parts.store;
  const rows = await listPins(read, input.room, context.access);
  const { messages, asOf } = await withReactions(read, input.room, rows, context.session.user.id);
  return {
    messages: messages.map((message) => addAbilities(message, context.access, context)),
    asOf,
    head: context.access.head,
  };
}

/** A message as it is now, and up to which event that is. */
type Changed = CommandOutput<'message.edit'>;

async function change(messageId: string, context: Context, ...events: NewEvent[]): Promise<Changed> {
  await append(context, ...events);
  return current(messageId, context);
}

/** Whether the first of the events has happened, now. */
async function append(context: Context, ...events: NewEvent[]): Promise<boolean> {
  const { user } = context.session;
  const { room_id: room } = context.message;
  return (await context.parts.log.append({ room, actor: refOf(user), guard: user.id, events })) !== undefined;
}

async function current(messageId: string, context: Context): Promise<Changed> {
  const { room_id: room, seq } = context.message;
  const { read } = context.parts.store;
  // In this order: all of the message is at least as new as `asOf` says.
  const { reactions, asOf } = await reactionsOf(read, room, [seq], context.session.user.id);
  const row = await findMessage(read, room, seq);
  if (!row) return fail('not_found', `There is no message ${messageId}`);
  return { message: addAbilities(messageIn(row, reactions.get(seq)), context.access, context), asOf };
}

/** message.list */
async function list(input: ParsedInput<'message.list'>, context: Context): Promise<CommandOutput<'message.list'>> {
  const { read } = context.parts.store;
  const { head, logStart } = context.access;
  const { rows, ...ends } = await listMessages(read, input.room, {
    ...input,
    // A user who has left since the call was admitted gets nothing from after that.
    before: Math.min(input.before ?? head + 1, head + 1),
    logStart,
    limit: pageSize(input.limit),
  });
  const { messages, asOf } = await withReactions(read, input.room, rows, context.session.user.id);
  return {
    messages: messages.map((message) => addAbilities(message, context.access, context)),
    ...ends,
    asOf,
    head,
    ...(logStart > 0 && { logStart }),
  };
}

async function described(row: MessageRow, access: RoomAccess, context: Context): Promise<Message> {
  const { read } = context.parts.store;
  const { reactions } = await reactionsOf(read, row.room_id, [row.seq], context.session.user.id);
  return addAbilities(messageIn(row, reactions.get(row.seq)), access, context);
}

/** Adds to a message what the caller may do with it. With a deleted one nobody does anything more. */
function addAbilities(message: Message, access: RoomAccess | undefined, { parts, session }: Context): Message {
  if (!access || message.deletedAt !== undefined) return message;
  const can = parts.authority.withMessage(access, message.author.id === session.user.id);
  if (can) message.can = can;
  return message;
}

function subjectOf(row: MessageRow): SentMessage {
  const { room_id: room, seq, client_id: clientId } = row;
  return { id: messageIdOf(room, seq), seq, clientId: clientId ?? undefined, content: contentOf(row) };
}

export const messageFunctions = {
  'message.send': send,
  'message.edit': edit,
  'message.delete': remove,
  'message.react': react,
  'message.list': list,
  'message.pin': pin,
  'message.unpin': unpin,
  'pin.list': listPinned,
} satisfies Functions;
