import { type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import { randomBytes } from 'node:crypto';
import { refOf } from '../identity/actor.js';
import { nameKey } from '../identity/name-key.js';
import { newEvent } from '../log/projections.js';
import { findMember, roomIdsOf, successorOf } from '../store/queries/members.js';
import { findRoomByClientId, findRoomByKey, listRooms } from '../store/queries/rooms.js';
import { findUser } from '../store/queries/users.js';
import type { Context } from './context.js';
import { pageSize } from './page.js';
import { describeRoom, describeRooms } from './room-view.js';

/** What keeps two public rooms from having one name. */
export function publicNameKey(name: string): string {
  return `name:${nameKey(name)}`;
}

/** A new room's id: 60 random bits, short enough to read out. */
function newRoomId(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(12, '0')
    .slice(-12);
}

/** Refuses one room more than a user may be in; one that they are in already is none more. */
async function refuseTooMany(user: string, context: Context, room?: string): Promise<void> {
  const { store, maxRoomsPerUser } = context.parts;
  const rooms = await roomIdsOf(store.read, user);
  if (rooms.length >= maxRoomsPerUser && !rooms.some((each) => each === room)) {
    fail('conflict', `A user is in at most ${maxRoomsPerUser} rooms; leave one first`, { field: 'room' });
  }
}

/** room.create */
export async function create(
  input: ParsedInput<'room.create'>,
  context: Context,
): Promise<CommandOutput<'room.create'>> {
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
  return fail('conflict', 'There is a public room of this name, or of one that looks like it', { field: 'name' });
}

/** room.list */
export async function list(input: ParsedInput<'room.list'>, context: Context): Promise<CommandOutput<'room.list'>> {
  const limit = pageSize(input.limit);
  const rows = await listRooms(context.parts.store.read, context.session.user.id, { ...input, limit: limit + 1 });
  return { rooms: await describeRooms(rows.slice(0, limit), context), more: rows.length > limit };
}

/** room.get */
export async function get(input: ParsedInput<'room.get'>, context: Context): Promise<CommandOutput<'room.get'>> {
  return { room: await describeRoom(input.room, context) };
}

/** room.join */
export async function join(input: ParsedInput<'room.join'>, context: Context): Promise<CommandOutput<'room.join'>> {
  const user = refOf(context.session.user);
  await refuseTooMany(user.id, context, input.room);
  await context.parts.log.append({ room: input.room, actor: user, events: [newEvent.memberJoined(user, 'member')] });
  return { room: await describeRoom(input.room, context) };
}

/** room.leave */
export async function leave(input: ParsedInput<'room.leave'>, context: Context): Promise<CommandOutput<'room.leave'>> {
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
export async function update(
  input: ParsedInput<'room.update'>,
  context: Context,
): Promise<CommandOutput<'room.update'>> {
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
      return fail('conflict', 'There is a public room of this name, or of one that looks like it', { field: 'name' });
    }
  }
  return { room: await describeRoom(input.room, context) };
}

/** room.invite */
export async function invite(
  input: ParsedInput<'room.invite'>,
  context: Context,
): Promise<CommandOutput<'room.invite'>> {
  const { log, store } = context.parts;
  const invited = await findUser(store.read, input.user);
  if (!invited) return fail('not_found', 'There is no such user', { field: 'user' });
  await refuseTooMany(invited.id, context, input.room);
  await log.append({
    room: input.room,
    actor: refOf(context.session.user),
    guard: context.session.user.id,
    events: [newEvent.memberJoined(refOf(invited), 'member')],
  });
  return { room: await describeRoom(input.room, context) };
}

/** room.remove */
export async function remove(
  input: ParsedInput<'room.remove'>,
  context: Context,
): Promise<CommandOutput<'room.remove'>> {
  const { log, store } = context.parts;
  if (input.user === context.session.user.id)
    return fail('conflict', 'To go yourself, leave the room', { field: 'user' });
  const member = await findMember(store.read, input.room, input.user);
  if (!member) return fail('not_found', 'There is no such member', { field: 'user' });
  if (member.role === 'owner') return fail('forbidden', 'An owner can not be removed');
  await log.append({
    room: input.room,
    actor: refOf(context.session.user),
    guard: context.session.user.id,
    events: [newEvent.memberLeft({ id: member.id, name: member.name }, 'removed')],
  });
  return { room: await describeRoom(input.room, context) };
}

/** direct.open */
export async function openDirect(
  input: ParsedInput<'direct.open'>,
  context: Context,
): Promise<CommandOutput<'direct.open'>> {
  const { log, store } = context.parts;
  const user = refOf(context.session.user);
  if (input.user === user.id) return fail('conflict', 'A direct room is for you and somebody else', { field: 'user' });
  const other = await findUser(store.read, input.user);
  if (!other) return fail('not_found', 'There is no such user', { field: 'user' });
  // User ids hold no spaces, so a pair has one key.
  const uniqueKey = `direct:${[user.id, other.id].sort().join(' ')}`;
  const known = await findRoomByKey(store.read, uniqueKey);
  if (known) return { room: await describeRoom(known.id, context) };
  for (const each of [user, other]) await refuseTooMany(each.id, context);
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
  const id = created ? room : (await findRoomByKey(store.read, uniqueKey))?.id;
  return { room: await describeRoom(id ?? room, context) };
}
