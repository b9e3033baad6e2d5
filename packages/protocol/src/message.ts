import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import type { MessageContent } from './content.js';
import { defineEvent } from './event.js';
import {
  clientId,
  cursor,
  emoji,
  limit,
  messageId,
  messageText,
  roomId,
  seq,
  storedText,
  timestamp,
  userId,
  userRef,
} from './fields.js';
import { formatLimits } from './limits.js';
import { messageAbilities } from './permission.js';

/** One emoji on a message. */
export const reaction = z
  .object({
    emoji: z.string(),
    count: z.int(),
    users: z.array(userRef).meta({ description: `Who, by time, at most ${formatLimits.reactionUsers}` }),
    reacted: z.boolean().optional().meta({ description: 'Whether the caller did; absent in events' }),
  })
  .meta({ id: 'Reaction' });

/** Who pinned a message, and when. */
const pinned = z.object({ by: userRef, at: timestamp }).meta({ id: 'Pinned' });

/** The schema of each field of the content. */
const content = {
  text: z.string(),
  mentions: z
    .array(userId)
    .optional()
    .meta({ description: 'Members whom it names by `@` and their name, as it was sent; absent for none' }),
} satisfies Record<keyof MessageContent, z.ZodType>;

/** The fields that a client writes, with their limits. */
const contentInput = { text: messageText } satisfies Partial<Record<keyof MessageContent, z.ZodType>>;

/** A message in its current state. A deleted one keeps its place, without content. */
export const message = z
  .object({
    id: messageId,
    room: roomId,
    seq,
    author: userRef,
    ...content,
    at: timestamp,
    clientId: z.string().optional(),
    editedAt: timestamp.optional(),
    deletedAt: timestamp.optional(),
    pinned: pinned.optional().meta({ description: 'Who pinned it, and when; absent while it is not pinned' }),
    reactions: z.array(reaction).optional(),
    can: messageAbilities.optional().meta({ description: 'What the caller may do with it; absent if that is nothing' }),
  })
  .meta({ id: 'Message' });

/** A message in its current state. */
export type Message = z.infer<typeof message>;

/** A message in its `message.created` event, which already has its `room`, `seq`, `at` and author (`actor`). */
const createdMessage = message
  .omit({ room: true, seq: true, author: true, at: true, editedAt: true, pinned: true, reactions: true, can: true })
  .extend({
    clientId: z.string().optional().meta({ description: "Only to the author's own connections" }),
    deletedAt: timestamp.optional().meta({ description: 'Only in the log: it was deleted since, and has no content' }),
  })
  .meta({ id: 'CreatedMessage' });

/** One emoji on a message. */
export type Reaction = z.infer<typeof reaction>;

const asOf = cursor.meta({
  description: 'Reactions include exactly the events up to this seq: apply `message.reacted` only of later ones',
});

const answer = z.object({ message });

const changed = z.object({ message, asOf });

const messageSend = defineCommand({
  name: 'message.send',
  doc: {
    en: 'Sends a message to a room. The answer comes once it is on disk. With a `clientId` it is safe to retry.',
    ko: '방에 메시지를 보냅니다. 디스크에 저장된 뒤에 응답합니다. `clientId`를 주면 안심하고 다시 보낼 수 있습니다.',
  },
  input: z.strictObject({ room: roomId, ...contentInput, clientId: clientId.optional() }),
  output: answer,
  permission: 'room.write',
  budget: 'send',
  http: { method: 'POST', path: '/rooms/:room/messages', status: 201 },
  line: { verb: 'say', args: ['text'], plain: true },
});

const messageEdit = defineCommand({
  name: 'message.edit',
  doc: {
    en: 'Changes the text of your message. The previous text remains nowhere, not even in the log. `was` is the text that you mean to change: if it is another one by now, nothing happens (`conflict`).',
    ko: '내 메시지의 글을 고칩니다. 고치기 전의 글은 기록 어디에도 남지 않습니다. `was`는 고치려던 글입니다. 그 사이에 글이 달라졌으면 아무것도 바뀌지 않습니다(`conflict`).',
  },
  input: z.strictObject({ message: messageId, ...contentInput, was: storedText.optional() }),
  output: changed,
  permission: 'message.edit',
  budget: 'write',
  http: { method: 'PATCH', path: '/messages/:message' },
  line: { verb: 'edit', args: ['message', 'text'] },
});

const messageDelete = defineCommand({
  name: 'message.delete',
  doc: {
    en: "Deletes your message, or anyone's if you own the room. Its text is removed from the log too.",
    ko: '내 메시지를 지웁니다. 방장은 누구의 것이든 지울 수 있습니다. 글은 기록에서도 사라집니다.',
  },
  input: z.strictObject({ message: messageId }),
  output: changed,
  permission: 'message.delete',
  budget: 'write',
  http: { method: 'DELETE', path: '/messages/:message' },
  line: { verb: 'delete', args: ['message'] },
});

const messageReact = defineCommand({
  name: 'message.react',
  doc: {
    en: 'Adds an emoji to a message, or with `remove` removes yours. A message can have 20 different ones.',
    ko: '메시지에 이모지를 답니다. `remove`를 주면 거둡니다. 한 메시지에 서로 다른 20개까지 답니다.',
  },
  input: z.strictObject({ message: messageId, emoji, remove: z.boolean().optional() }),
  output: changed,
  permission: 'message.react',
  budget: 'write',
  http: { method: 'POST', path: '/messages/:message/reactions' },
  line: { verb: 'react', args: ['message', 'emoji'] },
});

const messageList = defineCommand({
  name: 'message.list',
  doc: {
    en: 'Returns a page of messages, oldest first: the newest, those before a seq, those after one, or those around one. `more` means that there are more in that direction; with `around`, `more` is about older ones and `newer` about newer ones.',
    ko: '메시지 한 페이지를 오래된 것부터 줍니다. 최신, 어떤 seq의 앞이나 뒤, 또는 그 둘레. `more`는 그쪽에 더 있다는 뜻입니다. `around`로 물으면 `more`는 더 오래된 것, `newer`는 더 새로운 것이 있는지입니다.',
  },
  input: z.strictObject({
    room: roomId,
    before: seq.optional(),
    after: cursor.optional(),
    around: cursor.optional().meta({
      description:
        'Half of the page is up to this seq, half after it; if one side has fewer, the other has more. No message needs to have this seq',
    }),
    limit,
  }),
  output: z.object({
    messages: z.array(message),
    more: z.boolean(),
    newer: z.boolean().optional().meta({ description: 'Only with `around`: whether there are newer ones' }),
    asOf,
    head: cursor.meta({ description: "The room's newest seq when the page was read" }),
    logStart: cursor
      .optional()
      .meta({ description: 'Messages up to this seq are no longer kept; absent while all of them are' }),
  }),
  permission: 'room.read',
  budget: 'read',
  http: { method: 'GET', path: '/rooms/:room/messages' },
  line: {
    verb: 'history',
    args: [],
    reply: (output) =>
      output.messages
        .filter((each) => each.deletedAt === undefined)
        .map((each) => `${each.id}  ${new Date(each.at).toISOString()}  ${each.author.name}: ${each.text}`),
  },
});

const messagePin = defineCommand({
  name: 'message.pin',
  doc: {
    en: 'Pins a message in its room, which can have 50 pinned ones (`conflict` beyond). Repeating it changes nothing. Deleting the message unpins it.',
    ko: '메시지를 방에 고정합니다. 한 방에 50개까지 고정하고, 넘으면 `conflict`입니다. 이미 고정되어 있으면 아무것도 바뀌지 않습니다. 메시지를 지우면 고정도 풀립니다.',
  },
  input: z.strictObject({ message: messageId }),
  output: changed,
  permission: 'message.pin',
  budget: 'write',
  http: { method: 'POST', path: '/messages/:message/pin' },
  line: { verb: 'pin', args: ['message'] },
});

const messageUnpin = defineCommand({
  name: 'message.unpin',
  doc: {
    en: 'Unpins a message, whoever pinned it. Repeating it changes nothing.',
    ko: '누가 고정했든 메시지의 고정을 풉니다. 이미 풀려 있으면 아무것도 바뀌지 않습니다.',
  },
  input: z.strictObject({ message: messageId }),
  output: changed,
  permission: 'message.pin',
  budget: 'write',
  http: { method: 'DELETE', path: '/messages/:message/pin' },
  line: { verb: 'unpin', args: ['message'] },
});

const pinList = defineCommand({
  name: 'pin.list',
  doc: {
    en: 'Lists the pinned messages of a room, the last pinned first.',
    ko: '방에 고정된 메시지를 나중에 고정한 것부터 보여 줍니다.',
  },
  input: z.strictObject({ room: roomId }),
  output: z.object({
    messages: z.array(message),
    asOf,
    head: cursor.meta({ description: 'The list includes at least the events up to this seq' }),
  }),
  permission: 'room.read',
  budget: 'read',
  http: { method: 'GET', path: '/rooms/:room/pins' },
  line: {
    verb: 'pins',
    args: [],
    reply: ({ messages }, language) =>
      messages.length === 0
        ? [language === 'ko' ? '고정된 메시지가 없습니다.' : 'No message is pinned here.']
        : messages.map(
            ({ id, author, text, pinned: pin }) =>
              `${id}  ${author.name}: ${text}  (${language === 'ko' ? `${pin?.by.name} 고정` : `pinned by ${pin?.by.name}`})`,
          ),
  },
});

const messageCreated = defineEvent(
  'message.created',
  { message: createdMessage },
  { en: 'A message was sent.', ko: '메시지가 왔습니다.' },
  ({ actor, message: { text, deletedAt } }) => (deletedAt === undefined ? `${actor.name}: ${text}` : undefined),
);

const messageEdited = defineEvent(
  'message.edited',
  {
    messageId,
    text: content.text.optional().meta({
      description: 'The text of now; absent in the log where the message was deleted since, or is no longer kept',
    }),
  },
  {
    en: "A message's text was changed; `at` is its new `editedAt`.",
    ko: '메시지의 글이 바뀌었습니다. `at`이 새 `editedAt`입니다.',
  },
  ({ actor, text }, language) =>
    text === undefined ? undefined : `* ${actor.name} ${language === 'ko' ? '고침' : 'edited'}: ${text}`,
);

const messageDeleted = defineEvent(
  'message.deleted',
  {
    messageId,
    messageSeq: z.number().int().meta({ description: 'The seq at which it was created' }),
    author: z.string().meta({ description: 'The id of the user who wrote it' }),
  },
  {
    en: 'A message was deleted. For readers who had not read it there is one unread message less.',
    ko: '메시지가 지워졌습니다. 아직 읽지 않은 사람에게는 안 읽은 메시지가 하나 줄어듭니다.',
  },
  () => undefined,
);

const messageReacted = defineEvent(
  'message.reacted',
  { messageId, emoji: z.string(), action: z.enum(['added', 'removed']) },
  { en: 'Somebody added or removed an emoji on a message.', ko: '누군가 메시지에 이모지를 달거나 거두었습니다.' },
  (event) => (event.action === 'added' ? `* ${event.actor.name} ${event.emoji}` : undefined),
);

const messagePinned = defineEvent(
  'message.pinned',
  { messageId },
  { en: 'A message was pinned by the actor.', ko: 'actor가 메시지를 고정했습니다.' },
  ({ actor, messageId: id }, language) => `* ${actor.name} ${language === 'ko' ? '고정함' : 'pinned'}: ${id}`,
);

const messageUnpinned = defineEvent(
  'message.unpinned',
  { messageId },
  {
    en: 'A message is no longer pinned: the actor unpinned it, or has just deleted it.',
    ko: '메시지의 고정이 풀렸습니다. actor가 풀었거나 방금 그 메시지를 지웠습니다.',
  },
  ({ actor, messageId: id }, language) => `* ${actor.name} ${language === 'ko' ? '고정 해제함' : 'unpinned'}: ${id}`,
);

export const messageCommands = byName(
  messageSend,
  messageEdit,
  messageDelete,
  messageReact,
  messageList,
  messagePin,
  messageUnpin,
  pinList,
);

export const messageEvents = byName(
  messageCreated,
  messageEdited,
  messageDeleted,
  messageReacted,
  messagePinned,
  messageUnpinned,
);
