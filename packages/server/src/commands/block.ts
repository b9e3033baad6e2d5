import { type CommandOutput, fail, type ParsedInput, type UserRef } from '@madang/protocol';
import { refOf } from '../identity/actor.js';
import { deleteBlock, insertBlock, listBlocked } from '../store/queries/blocks.js';
import { findRoomByKey } from '../store/queries/rooms.js';
import { findUser } from '../store/queries/users.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';
import { directKey, settleBlock } from './direct.js';

/** user.block */
async function add(input: ParsedInput<'user.block'>, context: Context): Promise<CommandOutput<'user.block'>> {
  const { clock, store } = context.parts;
  const { user } = context.session;
  if (input.user === user.id) return fail('conflict', 'You cannot block yourself', { field: 'user' });
  const other = await findOther(input.user, context);
  await insertBlock(store.write, { user: user.id, blocked: other.id, at: clock.now() });
  return settle(other, true, context);
}

/** user.unblock */
async function remove(input: ParsedInput<'user.unblock'>, context: Context): Promise<CommandOutput<'user.unblock'>> {
  const other = await findOther(input.user, context);
  await deleteBlock(context.parts.store.write, context.session.user.id, other.id);
  return settle(other, false, context);
}

/** block.list */
async function list(_input: ParsedInput<'block.list'>, context: Context): Promise<CommandOutput<'block.list'>> {
  return { users: await listBlocked(context.parts.store.read, context.session.user.id) };
}

async function findOther(id: string, context: Context): Promise<UserRef> {
  const other = await findUser(context.parts.store.read, id);
  return other ? refOf(other) : fail('not_found', 'There is no such user', { field: 'user' });
}

/** Updates the direct room of the two to their current blocks, and tells the caller's other connections. */
async function settle(other: UserRef, blocked: boolean, context: Context): Promise<{ user: UserRef }> {
  const { signals, store } = context.parts;
  const user = context.session.user.id;
  const direct = await findRoomByKey(store.read, directKey(user, other.id));
  if (direct) await settleBlock(direct.id, user, other.id, context);
  signals.told(user, 'user.blocked', { user: other, blocked }, context.caller.connection);
  return { user: other };
}

export const blockFunctions = {
  'user.block': add,
  'user.unblock': remove,
  'block.list': list,
} satisfies Functions;
