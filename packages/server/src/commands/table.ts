import type { CommandName, CommandOutput, ParsedInput } from '@madang/protocol';
import * as block from './block.js';
import type { Context } from './context.js';
import * as delivery from './delivery.js';
import * as log from './log.js';
import * as member from './member.js';
import * as message from './message.js';
import * as presence from './presence.js';
import * as read from './read.js';
import * as room from './room.js';
import * as session from './session.js';
import * as typing from './typing.js';
import * as user from './user.js';

/** A command's implementation. */
type CommandFunction<Name extends CommandName> = (
  input: ParsedInput<Name>,
  context: Context,
) => Promise<CommandOutput<Name>>;

/** Binds every row of the protocol's table to its function; a missing one doesn't compile. */
export const functions: { [Name in CommandName]: CommandFunction<Name> } = {
  'session.start': session.start,
  'session.get': session.get,
  'session.end': session.end,
  'user.update': user.update,
  'user.block': block.add,
  'user.unblock': block.remove,
  'block.list': block.list,
  'room.create': room.create,
  'room.list': room.list,
  'room.get': room.get,
  'room.join': room.join,
  'room.leave': room.leave,
  'room.update': room.update,
  'room.invite': room.invite,
  'room.remove': room.remove,
  'room.hide': room.hide,
  'direct.open': room.openDirect,
  'member.list': member.list,
  'message.send': message.send,
  'message.edit': message.edit,
  'message.delete': message.remove,
  'message.react': message.react,
  'message.list': message.list,
  'log.read': log.read,
  sync: log.sync,
  'typing.start': typing.start,
  'presence.set': presence.set,
  'read.mark': read.mark,
  'delivery.trace': delivery.trace,
};

/** For calls with a `clientId`: finds the first result of an earlier call, or nothing. */
export const repeats: {
  [Name in CommandName]?: (input: ParsedInput<Name>, context: Context) => Promise<CommandOutput<Name> | undefined>;
} = {
  'message.send': message.findSent,
};
