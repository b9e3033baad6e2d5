import { type CommandInput, type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import type { Session } from '../identity/actor.js';
import { findSections } from '../store/queries/memberships.js';
import { roomsOf } from '../store/queries/rooms.js';
import { Context } from './context.js';
import type { Functions } from './functions.js';
import { describeRooms } from './room-view.js';
import { rename } from './user.js';

/** session.start */
async function start(input: ParsedInput<'session.start'>, context: Context): Promise<CommandOutput<'session.start'>> {
  const { session, token } = await identify(input, context);
  return { ...(await welcome(session, context)), token };
}

/** Finds the session of a token, or starts one for a new guest. */
export async function identify(
  input: ParsedInput<'session.start'>,
  context: Context,
): Promise<{ session: Session; token: string }> {
  const { sessions } = context.parts;
  const { address, sessionOf } = context.caller;
  if (input.token === undefined) return sessions.startGuest(input.name ?? '', address);
  const session = await (sessionOf ? sessionOf(input.token) : sessions.find(input.token, address));
  if (!session) return fail('unauthenticated', 'This token is not valid, or its session has ended');
  return { session, token: input.token };
}

/** Lets in somebody who has a session, and returns what `session.get` would. */
export async function welcome(session: Session, context: Context): Promise<CommandOutput<'session.get'>> {
  return get({}, withSession(context, await letIn(session, context)));
}

/**
 * Lets their connection receive their rooms' events, and claims their name again: the session has the name that they
 * got.
 */
export async function letIn(session: Session, context: Context): Promise<Session> {
  const { lifecycle, names } = context.parts;
  const { connection } = context.caller;
  if (connection) await lifecycle.begins(connection, session);
  if (session.user.kind !== 'guest') return session;
  const name = await names.retake(session.user);
  return name === session.user.name ? session : { ...session, user: await rename(session.user, name, context.parts) };
}

function withSession(context: Context, session: Session): Context {
  return new Context(context.parts, { ...context.caller, session }, {});
}

/** session.get */
async function get(_input: CommandInput<'session.get'>, context: Context): Promise<CommandOutput<'session.get'>> {
  const { authority, clock, store, log } = context.parts;
  const { user } = context.session;
  const [rows, sections] = await Promise.all([roomsOf(store.read, user.id), findSections(store.read, user.id)]);
  const rooms = await describeRooms(rows, context);
  return { user, rooms, sections, epoch: log.epoch, can: authority.inWorkspace(user), now: clock.now() };
}

/** session.end */
async function end(_input: CommandInput<'session.end'>, context: Context): Promise<CommandOutput<'session.end'>> {
  await context.parts.sessions.end(context.session, 'signed_out');
  return {};
}

export const sessionFunctions = {
  'session.start': start,
  'session.get': get,
  'session.end': end,
} satisfies Functions;
