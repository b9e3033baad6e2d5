import type { CommandOutput, ParsedInput, User } from '@madang/protocol';
import { refOf } from '../identity/actor.js';
import { newEvent } from '../log/projections.js';
import { roomIdsOf } from '../store/queries/members.js';
import { nameUser } from '../store/queries/users.js';
import type { Context, Parts } from './context.js';
import type { Functions } from './functions.js';

/** user.update */
async function update(input: ParsedInput<'user.update'>, context: Context): Promise<CommandOutput<'user.update'>> {
  const { session } = context;
  if (input.name === session.user.name) return { user: session.user };
  await context.parts.names.take(session.user.id, input.name);
  return { user: await rename(session.user, input.name, context.parts) };
}

/** Gives a user a name that they hold, and tells all their rooms. */
export async function rename(
  before: User,
  name: string,
  { store, log, lifecycle }: Pick<Parts, 'store' | 'log' | 'lifecycle'>,
): Promise<User> {
  const user = { ...before, name };
  await nameUser(store.write, user);
  lifecycle.renamed(user);
  const renamed = newEvent.memberRenamed(refOf(user), before.name);
  const rooms = await roomIdsOf(store.read, user.id);
  await Promise.all(rooms.map((room) => log.append({ room, actor: refOf(user), events: [renamed] })));
  return user;
}

export const userFunctions = {
  'user.update': update,
} satisfies Functions;
