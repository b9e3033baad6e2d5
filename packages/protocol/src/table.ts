import type { z } from 'zod';
import { blockList, userBlock, userBlocked, userUnblock } from './block.js';
import { deliveryTrace } from './delivery.js';
import { logRead, roomBehind, sync } from './log.js';
import { memberJoined, memberLeft, memberList, memberUpdated } from './member.js';
import {
  messageCreated,
  messageDelete,
  messageDeleted,
  messageEdit,
  messageEdited,
  messageList,
  messageReact,
  messageReacted,
  messageSend,
} from './message.js';
import { presenceChanged, presenceSet } from './presence.js';
import { readMark, readMarked } from './read.js';
import {
  accessChanged,
  directOpen,
  roomCreate,
  roomCreated,
  roomGet,
  roomHidden,
  roomHide,
  roomInvite,
  roomJoin,
  roomLeave,
  roomList,
  roomRemove,
  roomUpdate,
  roomUpdated,
} from './room.js';
import { serverClosing, sessionEnd, sessionEnded, sessionGet, sessionStart, sessionStarted } from './session.js';
import { typingStart, typingStarted } from './typing.js';
import { userUpdate } from './user.js';

/** Everything a client can call, by name. */
export const commands = {
  'session.start': sessionStart,
  'session.get': sessionGet,
  'session.end': sessionEnd,
  'user.update': userUpdate,
  'user.block': userBlock,
  'user.unblock': userUnblock,
  'block.list': blockList,
  'room.create': roomCreate,
  'room.list': roomList,
  'room.get': roomGet,
  'room.join': roomJoin,
  'room.leave': roomLeave,
  'room.update': roomUpdate,
  'room.invite': roomInvite,
  'room.remove': roomRemove,
  'room.hide': roomHide,
  'direct.open': directOpen,
  'member.list': memberList,
  'message.send': messageSend,
  'message.edit': messageEdit,
  'message.delete': messageDelete,
  'message.react': messageReact,
  'message.list': messageList,
  'log.read': logRead,
  sync,
  'typing.start': typingStart,
  'presence.set': presenceSet,
  'read.mark': readMark,
  'delivery.trace': deliveryTrace,
} as const;

/** Everything a room's log keeps, by name. */
export const events = {
  'message.created': messageCreated,
  'message.edited': messageEdited,
  'message.deleted': messageDeleted,
  'message.reacted': messageReacted,
  'room.created': roomCreated,
  'room.updated': roomUpdated,
  'member.joined': memberJoined,
  'member.left': memberLeft,
  'member.updated': memberUpdated,
} as const;

/** Everything that is sent once and not kept, by name. */
export const signals = {
  'typing.started': typingStarted,
  'presence.changed': presenceChanged,
  'read.marked': readMarked,
  'room.behind': roomBehind,
  'room.hidden': roomHidden,
  'user.blocked': userBlocked,
  'access.changed': accessChanged,
  'session.started': sessionStarted,
  'session.ended': sessionEnded,
  'server.closing': serverClosing,
} as const;

/** A command's name. */
export type CommandName = keyof typeof commands;

/** The input that a caller gives to a command. */
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>;

/** The input that a command's function gets: parsed by its schema. */
export type ParsedInput<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>;

/** A command's output. */
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>;

/** An event's name. */
export type EventName = keyof typeof events;

/** An event as it comes over the wire. */
export type EventOf<Name extends EventName> = z.output<(typeof events)[Name]['schema']>;

/** Any event with its name as `type`, as in `log.read` and `sync`. */
export type LoggedEvent = { [Name in EventName]: { type: Name } & EventOf<Name> }[EventName];

/** A signal's name. */
export type SignalName = keyof typeof signals;

/** A signal as it comes over the wire. */
export type SignalOf<Name extends SignalName> = z.output<(typeof signals)[Name]['schema']>;

/** Whether a value is a command's name. */
export function isCommandName(name: unknown): name is CommandName {
  return typeof name === 'string' && Object.hasOwn(commands, name);
}

/** Whether a value is an event's name. */
export function isEventName(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(events, name);
}
