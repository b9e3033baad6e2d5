import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineEvent, defineSignal } from './event.js';
import { clientId, cursor, limit, roomId, roomName, shortText, timestamp, topic, userId, userRef } from './fields.js';
import { roomAbilities } from './permission.js';

/** `public`: anyone can find and join it. `private`: by invitation, invisible to others. `direct`: two users. */
export const roomKind = z.enum(['public', 'private', 'direct']);

/** A room as one caller sees it. */
export const room = z
  .object({
    id: roomId,
    kind: roomKind,
    name: z.string().meta({ description: "The room's name; empty for a direct room" }),
    topic: z.string(),
    createdAt: timestamp,
    activeAt: timestamp.optional().meta({ description: 'When its newest message was sent; absent if it has none' }),
    head: cursor.meta({ description: "The seq of the room's newest event" }),
    members: z.int().meta({ description: 'How many members it has' }),
    role: z.enum(['owner', 'member']).optional().meta({ description: "The caller's role; absent when not a member" }),
    joined: cursor.optional().meta({ description: "The seq of the caller's joining; absent when not a member" }),
    read: cursor.optional().meta({ description: 'How far the caller has read' }),
    unread: z.int().optional().meta({
      description: "Others' messages after `read` that are kept and not deleted, counted to 100",
    }),
    mentions: z.int().optional().meta({ description: 'Those of the unread messages that mention the caller' }),
    peer: userRef.optional().meta({ description: 'The other person of a direct room' }),
    hidden: z.literal(true).optional().meta({ description: 'The caller has hidden it: leave it out of lists' }),
    favorite: z.literal(true).optional().meta({ description: "One of the caller's favorites" }),
    section: z.string().optional().meta({ description: "The caller's section that it is in, by its id" }),
    level: z.literal('nothing').optional().meta({ description: 'The caller has muted it; `all` if absent' }),
    blocked: z.literal(true).optional().meta({ description: 'The caller blocks the other person of this direct room' }),
    can: roomAbilities.meta({ description: 'What the caller may do here; it follows roles, blocks and settings' }),
  })
  .meta({ id: 'Room' });

/** A room as one caller sees it. */
export type Room = z.infer<typeof room>;

/** Whether a room is public, private or direct. */
export type RoomKind = z.infer<typeof roomKind>;

const answer = z.object({ room });

/** A room in one line, for line mode. */
function roomLine(each: Room): string {
  return `${each.id}  ${each.name || each.peer?.name || ''} (${each.members})${each.topic ? `  ${each.topic}` : ''}`;
}

const roomCreate = defineCommand({
  name: 'room.create',
  doc: {
    en: 'Creates a room; you are its owner and first member. Names of public rooms are unique (`conflict`).',
    ko: '방을 만듭니다. 만든 사람이 방장이자 첫 참여자입니다. 공개 방의 이름은 겹칠 수 없습니다(`conflict`).',
  },
  input: z.strictObject({
    name: roomName,
    topic: topic.optional(),
    kind: z.enum(['public', 'private']).optional().meta({ description: '`public` if absent' }),
    clientId: clientId.optional(),
  }),
  output: answer,
  permission: 'room.create',
  budget: 'write',
  http: { method: 'POST', path: '/rooms', status: 201 },
  line: {
    verb: 'create',
    args: ['name'],
    reply: (output) => [roomLine(output.room)],
    enters: (output) => output.room.id,
  },
});

const roomList = defineCommand({
  name: 'room.list',
  doc: {
    en: 'Lists the public rooms and those you are in, by name. `after` is the last room of the previous page.',
    ko: '공개 방과 내가 들어간 방을 이름순으로 보여 줍니다. `after`는 앞 페이지의 마지막 방입니다.',
  },
  input: z.strictObject({
    search: shortText(50).optional().meta({ description: 'Part of a name' }),
    after: roomId.optional(),
    limit,
  }),
  output: z.object({ rooms: z.array(room), more: z.boolean() }),
  permission: 'session.use',
  budget: 'read',
  http: { method: 'GET', path: '/rooms' },
  line: { verb: 'rooms', args: ['search'], optional: 1, reply: (output) => output.rooms.map(roomLine) },
});

const roomGet = defineCommand({
  name: 'room.get',
  doc: { en: 'Returns one room.', ko: '방 하나를 알려 줍니다.' },
  input: z.strictObject({ room: roomId }),
  output: answer,
  permission: 'room.see',
  budget: 'read',
  http: { method: 'GET', path: '/rooms/:room' },
  line: { verb: 'room', args: ['room'], optional: 1, reply: (output) => [roomLine(output.room)] },
});

const roomJoin = defineCommand({
  name: 'room.join',
  doc: {
    en: "Joins a public room. Live events continue from the answer's `head`. Repeating it is not an error.",
    ko: '공개 방에 들어갑니다. 응답의 `head` 다음부터 실시간 이벤트가 이어집니다. 이미 들어가 있어도 오류가 아닙니다.',
  },
  input: z.strictObject({ room: roomId }),
  output: answer,
  permission: 'room.join',
  budget: 'write',
  http: { method: 'POST', path: '/rooms/:room/join' },
  line: {
    verb: 'join',
    args: ['room'],
    reply: (output) => [roomLine(output.room)],
    enters: (output) => output.room.id,
  },
});

const roomLeave = defineCommand({
  name: 'room.leave',
  doc: {
    en: 'Leaves a room. When the only owner of a room created by a guest leaves, the guest who has been in it longest becomes the owner. A room created by a user of the host app passes to nobody: it has no owner until its creator joins again.',
    ko: '방에서 나갑니다. 손님이 만든 방에서 하나뿐인 방장이 나가면 가장 오래된 손님이 방장이 됩니다. 앱의 사용자가 만든 방은 누구에게도 넘어가지 않고, 만든 사람이 다시 들어올 때까지 방장 없이 이어집니다.',
  },
  input: z.strictObject({ room: roomId }),
  output: z.object({ room: roomId }),
  permission: 'room.leave',
  budget: 'write',
  http: { method: 'POST', path: '/rooms/:room/leave' },
  line: { verb: 'leave', args: ['room'], optional: 1 },
});

const roomHide = defineCommand({
  name: 'room.hide',
  doc: {
    en: 'Removes a direct room from your list until its next message, or until you open it again. Nobody else can see that.',
    ko: '대화방을 내 목록에서 감춥니다. 다음 메시지가 오거나 다시 열면 돌아옵니다. 다른 사람에게는 보이지 않습니다.',
  },
  input: z.strictObject({ room: roomId }),
  output: z.object({ room: roomId }),
  permission: 'room.hide',
  budget: 'write',
  http: { method: 'POST', path: '/rooms/:room/hide' },
  line: { verb: 'hide', args: ['room'], optional: 1 },
});

const roomUpdate = defineCommand({
  name: 'room.update',
  doc: {
    en: "Changes a room's name or topic. Owners only.",
    ko: '방의 이름이나 주제를 바꿉니다. 방장이 할 수 있습니다.',
  },
  input: z.strictObject({ room: roomId, name: roomName.optional(), topic: topic.optional() }),
  output: answer,
  permission: 'room.manage',
  budget: 'write',
  http: { method: 'PATCH', path: '/rooms/:room' },
  line: { verb: 'topic', args: ['topic'] },
});

const roomInvite = defineCommand({
  name: 'room.invite',
  doc: {
    en: 'Makes a user a member. Owners may do so in a private room, any member in a public one. Repeating it is not an error. `rate_limited` if either of you has had too many contacts, `forbidden` if they have blocked you.',
    ko: '사용자를 방에 들입니다. 비공개 방에서는 방장이, 공개 방에서는 참여자 누구나 할 수 있습니다. 초대가 너무 잦으면 `rate_limited`, 상대가 나를 차단했으면 `forbidden`입니다.',
  },
  input: z.strictObject({ room: roomId, user: userId }),
  output: answer,
  permission: 'room.invite',
  budget: 'write',
  http: { method: 'POST', path: '/rooms/:room/members' },
  line: { verb: 'invite', args: ['user'] },
});

const roomRemove = defineCommand({
  name: 'room.remove',
  doc: {
    en: 'Removes a member from a room. Owners only. The removed user sees nothing that comes after.',
    ko: '참여자를 방에서 내보냅니다. 방장이 할 수 있으며, 나간 사람은 그 뒤의 것을 보지 못합니다.',
  },
  input: z.strictObject({ room: roomId, user: userId }),
  output: answer,
  permission: 'room.removeMembers',
  budget: 'write',
  http: { method: 'DELETE', path: '/rooms/:room/members/:user' },
  line: { verb: 'remove', args: ['user'] },
});

const directOpen = defineCommand({
  name: 'direct.open',
  doc: {
    en: 'Opens your direct room with another user, and creates it if there is none. A new one counts as one of your rooms, and as a contact for the other user: `rate_limited` if either of you has had too many, `forbidden` if one of you has blocked the other.',
    ko: '나와 다른 한 사람의 대화방을 엽니다. 있으면 그 방을, 없으면 새로 만듭니다. 짧은 시간에 새로 여는 대화방이 너무 많으면 `rate_limited`, 둘 중 하나가 차단했으면 `forbidden`입니다.',
  },
  input: z.strictObject({ user: userId }),
  output: answer,
  permission: 'direct.open',
  budget: 'write',
  http: { method: 'POST', path: '/directs' },
  line: {
    verb: 'direct',
    args: ['user'],
    reply: (output) => [roomLine(output.room)],
    enters: (output) => output.room.id,
  },
});

const roomHidden = defineSignal(
  'room.hidden',
  { room: roomId, hidden: z.boolean().meta({ description: 'False if it was opened again' }) },
  {
    en: 'You have hidden a direct room, or opened it again, on another connection.',
    ko: '내 다른 연결에서 대화방을 감추거나 다시 열었습니다.',
  },
);

const accessChanged = defineSignal(
  'access.changed',
  { room: roomId },
  {
    en: 'What you may do in a room has changed, and no event says so: a block in a direct room, for example. `room.get` returns the new `can`.',
    ko: '대화방의 차단처럼 이벤트로 알리지 않는 까닭으로, 방에서 내가 할 수 있는 일이 바뀌었습니다. 새 `can`은 `room.get`으로 받습니다.',
  },
);

const roomCreated = defineEvent(
  'room.created',
  { kind: roomKind, name: z.string(), topic: z.string() },
  { en: 'The room was created; always its first event.', ko: '방이 만들어졌습니다. 늘 첫 이벤트입니다.' },
  () => undefined,
);

const roomUpdated = defineEvent(
  'room.updated',
  { name: z.string().optional(), topic: z.string().optional() },
  { en: 'The room has a new name or topic.', ko: '방의 이름이나 주제가 바뀌었습니다.' },
  (event, language) => {
    const name = event.name === undefined ? [] : [language === 'ko' ? `이름: ${event.name}` : `name: ${event.name}`];
    const about =
      event.topic === undefined ? [] : [language === 'ko' ? `주제: ${event.topic}` : `topic: ${event.topic}`];
    return `* ${event.actor.name}: ${[...name, ...about].join(', ')}`;
  },
);

export const roomCommands = byName(
  roomCreate,
  roomList,
  roomGet,
  roomJoin,
  roomLeave,
  roomUpdate,
  roomInvite,
  roomRemove,
  roomHide,
  directOpen,
);

export const roomEvents = byName(roomCreated, roomUpdated);

export const roomSignals = byName(roomHidden, accessChanged);
