import { type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import {
  findMembership,
  findSections,
  type Membership,
  saveSections,
  updateMembership,
} from '../store/queries/memberships.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

/** membership.set */
async function set(input: ParsedInput<'membership.set'>, context: Context): Promise<CommandOutput<'membership.set'>> {
  const { favorite, section } = input;
  if (section !== undefined && section !== null) await requireSection(section, context);
  return change(
    input.room,
    { ...(favorite !== undefined && { favorite }), ...(section !== undefined && { section }) },
    context,
  );
}

/** notification.set */
function setLevel(
  input: ParsedInput<'notification.set'>,
  context: Context,
): Promise<CommandOutput<'notification.set'>> {
  return change(input.room, { level: input.level }, context);
}

/** section.set */
async function setSections(
  { sections, was }: ParsedInput<'section.set'>,
  context: Context,
): Promise<CommandOutput<'section.set'>> {
  const { signals, store } = context.parts;
  const user = context.session.user.id;
  if (!(await saveSections(store, user, sections, was))) {
    fail('conflict', 'Your sections have been changed since; read them again', { field: 'was' });
  }
  signals.told(user, 'sections.changed', { sections }, context.caller.connection);
  return { sections };
}

/** section.list */
async function listSections(
  _input: ParsedInput<'section.list'>,
  context: Context,
): Promise<CommandOutput<'section.list'>> {
  return { sections: await findSections(context.parts.store.read, context.session.user.id) };
}

async function requireSection(section: string, context: Context): Promise<void> {
  const sections = await findSections(context.parts.store.read, context.session.user.id);
  if (!sections.some(({ id }) => id === section)) fail('not_found', 'You have no such section', { field: 'section' });
}

/** Changes the caller's membership, and tells their other connections. */
async function change(
  room: string,
  wanted: Partial<Membership>,
  context: Context,
): Promise<CommandOutput<'membership.set'>> {
  const { signals, store } = context.parts;
  const user = context.session.user.id;
  const place = { room, user };
  const isChange = Object.keys(wanted).length > 0;
  const membership = isChange
    ? await updateMembership(store.write, place, wanted)
    : await findMembership(store.read, place);
  // They have left it meanwhile.
  if (!membership) return fail('forbidden', 'You are not a member of this room');
  const told = { room, ...membership };
  if (isChange) signals.told(user, 'membership.changed', told, context.caller.connection);
  return told;
}

export const membershipFunctions = {
  'membership.set': set,
  'notification.set': setLevel,
  'section.set': setSections,
  'section.list': listSections,
} satisfies Functions;
