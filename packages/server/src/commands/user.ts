import { type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import { refOf, type Session } from '../identity/actor.js';
import { newEvent } from '../log/projections.js';
import { roomIdsOf } from '../store/queries/members.js';
import { saveUser } from '../store/queries/users.js';
import type { Context } from './context.js';

/** user.update */
export async function update(
  input: ParsedInput<'user.update'>,
  context: Context,
): Promise<CommandOutput<'user.update'>> {
  const { session } = context;
  if (session.user.kind === 'host') return fail('forbidden', 'Change your name in the app that this chat belongs to');
  if (input.name === session.user.name) return { user: session.user };
  await context.parts.names.take(session.user.id, input.name);
  const renamed = await rename(session, input.name, context);
  return { user: renamed.user };
}

/** Gives a user a name that is theirs, and tells all their rooms. */
export async function rename(session: Session, name: string, context: Context): Promise<Session> {
  const { store, log, attendance } = context.parts;
  const user = { ...session.user, name };
  await saveUser(store.write, user);
  attendance.renamed(user);
  const renamed = newEvent.memberRenamed(refOf(user), session.user.name);
  const rooms = await roomIdsOf(store.read, user.id);
  await Promise.all(rooms.map((room) => log.append({ room, actor: refOf(user), events: [renamed] })));
  return { ...session, user };
}
