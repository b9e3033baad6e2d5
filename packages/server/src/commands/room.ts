import { type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import { randomBytes } from 'node:crypto';
import { refOf } from '../identity/actor.js';
import { nameKey } from '../identity/name-key.js';
import { newEvent } from '../log/projections.js';
import { blockersOf } from '../store/queries/blocks.js';
import { countOwnRooms, findMember, hideRoom, isOwnerless, shareRoom, successorOf } from '../store/queries/members.js';
import { findRoomByClientId, findRoomByKey, listRooms } from '../store/queries/rooms.js';
import { findUser } from '../store/queries/users.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';
import { directKey, settleBlock } from './direct.js';
import { pageSize } from './page.js';
import { describeRoom, describeRooms } from './room-view.js';

/** The key that keeps two public rooms from having the same name. */
export function publicNameKey(name: string): string {
  return `name:${nameKey(name)}`;
}

/** How long a new room's id is: some 51 random bits. Each of the room's events bears it twice. */
const ROOM_ID_CHARS = 10;

/** A new room's id, short enough to read out. */
function newRoomId(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(ROOM_ID_CHARS, '0')
    .slice(-ROOM_ID_CHARS);
}

/**
 * Refuses another room to a user who has entered the maximum on their own. Rooms that others brought them into don't
 * count.
 */
async function refuseTooMany(user: string, context: Context): Promise<void> {
  const { store, maxRoomsPerUser } = context.parts;
  if ((await countOwnRooms(store.read, user)) < maxRoomsPerUser) return;
  fail('conflict', `A user can enter at most ${maxRoomsPerUser} rooms; leave one first`, { field: 'room' });
}

/** Refuses a new contact with another user if one of the two blocks the other, or either has had too many. */
async function refuseContact(other: string, context: Context): Promise<void> {
  const { authority, rateLimits, store } = context.parts;
  const user = context.session.user.id;
  authority.requireContact((await blockersOf(store.read, user, other)).length > 0);
  await refuseTooMany(other, context);
  await rateLimits.contact(user, other);
}

/** room.create */
async function create(input: ParsedInput<'room.create'>, context: Context): Promise<CommandOutput<'room.create'>> {
  const { log, store } = context.parts;
  const user = refOf(context.session.user);
  const kind = input.kind ?? 'public';
  const findEarlier = () => input.clientId && findRoomByClientId(store.read, user.id, input.clientId);
  // A repeat is answered, however many rooms there are by now.
  const repeated = await findEarlier();
  if (repeated) return { room: await describeRoom(repeated.id, context) };
  await refuseTooMany(user.id, context);
  const room = newRoomId();
  const created = await log.append({
    room,
    actor: user,
    events: [
      newEvent.roomCreated({
        kind,
        name: input.name,
        topic: input.topic ?? '',
        creator: user.id,
        clientId: input.clientId ?? null,
        uniqueKey: kind === 'public' ? publicNameKey(input.name) : null,
      }),
      newEvent.memberJoined(user, 'owner'),
    ],
  });
  if (created) return { room: await describeRoom(room, context) };
  const earlier = await findEarlier();
  if (earlier) return { room: await describeRoom(earlier.id, context) };
  return fail('conflict', 'There is a public room with this name, or one that looks like it', { field: 'name' });
}

/** room.list */
async function list(input: ParsedInput<'room.list'>, context: Context): Promise<CommandOutput<'room.list'>> {
  const limit = pageSize(input.limit);
  const rows = await listRooms(context.parts.store.read, context.session.user.id, { ...input, limit: limit + 1 });
  return { rooms: await describeRooms(rows.slice(0, limit), context), more: rows.length > limit };
}

/** room.get */
async function get(input: ParsedInput<'room.get'>, context: Context): Promise<CommandOutput<'room.get'>> {
  return { room: await describeRoom(input.room, context) };
}

/** room.join */
async function join(input: ParsedInput<'room.join'>, context: Context): Promise<CommandOutput<'room.join'>> {
  const user = refOf(context.session.user);
  if (context.access.role === null) await refuseTooMany(user.id, context);
  const role = (await isOwnerless(context.parts.store.read, input.room, user.id)) ? 'owner' : 'member';
  await context.parts.log.append({ room: input.room, actor: user, events: [newEvent.memberJoined(user, role)] });
  return { room: await describeRoom(input.room, context) };
}

/** room.leave */
async function leave(input: ParsedInput<'room.leave'>, context: Context): Promise<CommandOutput<'room.leave'>> {
  const { log, store } = context.parts;
  const user = refOf(context.session.user);
  const successor = context.access.role === 'owner' ? await successorOf(store.read, input.room, user.id) : undefined;
  await log.append({
    room: input.room,
    actor: user,
    events: [
      newEvent.memberLeft(user, 'left'),
      ...(successor ? [newEvent.memberPromoted({ id: successor.id, name: successor.name })] : []),
    ],
  });
  return { room: input.room };
}

/** room.update */
async function update(input: ParsedInput<'room.update'>, context: Context): Promise<CommandOutput<'room.update'>> {
  const { name, topic } = input;
  const uniqueKey = name !== undefined && context.access.kind === 'public' ? publicNameKey(name) : null;
  const updated = await context.parts.log.append({
    room: input.room,
    actor: refOf(context.session.user),
    guard: context.session.user.id,
    events: [newEvent.roomUpdated({ name, topic, uniqueKey })],
  });
  if (!updated && uniqueKey) {
    const holder = await findRoomByKey(context.parts.store.read, uniqueKey);
    if (holder && holder.id !== input.room) {
      return fail('conflict', 'There is a public room with this name, or one that looks like it', { field: 'name' });
    }
  }
  return { room: await describeRoom(input.room, context) };
}

/** room.invite */
async function invite(input: ParsedInput<'room.invite'>, context: Context): Promise<CommandOutput<'room.invite'>> {
  const { log, store } = context.parts;
  const invited = await findUser(store.read, input.user);
  if (!invited) return fail('not_found', 'There is no such user', { field: 'user' });
  const isMember = (await findMember(store.read, input.room, invited.id)) !== undefined;
  if (!isMember) await refuseContact(invited.id, context);
  await log.append({
    room: input.room,
    actor: refOf(context.session.user),
    guard: context.session.user.id,
    events: [newEvent.memberJoined(refOf(invited), 'member')],
  });
  return { room: await describeRoom(input.room, context) };
}

/** room.remove */
async function remove(input: ParsedInput<'room.remove'>, context: Context): Promise<CommandOutput<'room.remove'>> {
  const { authority, log, store } = context.parts;
  if (input.user === context.session.user.id)
    return fail('conflict', 'To leave the room yourself, use room.leave', { field: 'user' });
  const member = await findMember(store.read, input.room, input.user);
  if (!member) return fail('not_found', 'There is no such member', { field: 'user' });
  authority.requireAbove(context.access.role, member.role);
  await log.append({
    room: input.room,
    actor: refOf(context.session.user),
    guard: context.session.user.id,
    events: [newEvent.memberLeft({ id: member.id, name: member.name }, 'removed')],
  });
  return { room: await describeRoom(input.room, context) };
}

/** room.hide */
async function hide(input: ParsedInput<'room.hide'>, context: Context): Promise<CommandOutput<'room.hide'>> {
  await setHidden(input.room, context.access.head, context);
  return { room: input.room };
}

/** Returns a room that the caller has hidden to their list. */
function show(room: string, context: Context): Promise<void> {
  return setHidden(room, null, context);
}

async function setHidden(room: string, seq: number | null, context: Context): Promise<void> {
  const { signals, store } = context.parts;
  const user = context.session.user.id;
  if (!(await hideRoom(store.write, { room, user }, seq))) return;
  signals.told(user, 'room.hidden', { room, hidden: seq !== null }, context.caller.connection);
}

/** direct.open */
async function openDirect(input: ParsedInput<'direct.open'>, context: Context): Promise<CommandOutput<'direct.open'>> {
  const { authority, log, store } = context.parts;
  const user = refOf(context.session.user);
  if (input.user === user.id) return fail('conflict', 'You cannot open a direct room with yourself', { field: 'user' });
  const other = await findUser(store.read, input.user);
  if (!other) return fail('not_found', 'There is no such user', { field: 'user' });
  const uniqueKey = directKey(user.id, other.id);
  const known = await findRoomByKey(store.read, uniqueKey);
  if (known) {
    await show(known.id, context);
    return { room: await describeRoom(known.id, context) };
  }
  const isShared = await shareRoom(store.read, user.id, other.id);
  authority.requireDirect(context.session, isShared);
  await refuseTooMany(user.id, context);
  await refuseContact(other.id, context);
  const room = newRoomId();
  const created = await log.append({
    room,
    actor: user,
    events: [
      newEvent.roomCreated({ kind: 'direct', name: '', topic: '', creator: user.id, clientId: null, uniqueKey }),
      newEvent.memberJoined(user, 'member'),
      newEvent.memberJoined(refOf(other), 'member'),
    ],
  });
  // If the other user created it meanwhile, they update it.
  const id = created ? room : (await findRoomByKey(store.read, uniqueKey))?.id;
  if (created) await settleBlock(room, user.id, other.id, context);
  return { room: await describeRoom(id ?? room, context) };
}

export const roomFunctions = {
  'room.create': create,
  'room.list': list,
  'room.get': get,
  'room.join': join,
  'room.leave': leave,
  'room.update': update,
  'room.invite': invite,
  'room.remove': remove,
  'room.hide': hide,
  'direct.open': openDirect,
} satisfies Functions;
