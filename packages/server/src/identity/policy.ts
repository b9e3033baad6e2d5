import { fail, type Permission, type RoomKind, type User } from '@madang/protocol';
import { isPerson, noSession, type Session } from './actor.js';
import { type Role, roomRoles, type WorkspacePermission, workspaceRoles } from './roles.js';

const NO_DIRECTS = 'There are no direct rooms here';

/** Said to both, in one form: it is nobody's business who blocks whom. */
const NOT_TO_EACH_OTHER = 'You and this person do not write to each other';

/** What a block between the two of a direct room takes from both. */
const saysSomething: ReadonlySet<Permission> = new Set(['room.write', 'message.edit', 'message.react']);

/** From which kind of user on something may be done; `off` for nobody. */
export const rungs = ['guest', 'member', 'off'] as const;

/** Who may open direct rooms; `shared` for everybody with those who are in a room with them. */
export const directRules = ['guest', 'member', 'shared', 'off'] as const;

/** What the operator has decided for the whole server. */
export interface Rules {
  createRooms: (typeof rungs)[number];
  direct: (typeof directRules)[number];
}

/** What a user may do by the rules, whatever room it is. */
export function mayByRules(user: User, rules: Rules): { createRooms: boolean; openDirects: boolean } {
  const may = (from: Rules['direct']) => from !== 'off' && (from !== 'member' || user.kind !== 'guest');
  return { createRooms: may(rules.createRooms), openDirects: may(rules.direct) };
}

/** What a permission is asked of. */
export interface PolicyObject {
  room?: { kind: RoomKind; role: Exclude<Role, 'outsider'> | null; blocked?: number };
  /** Who wrote the message. */
  author?: string;
}

const NOT_THE_OPERATORS = 'The operator is nobody in the workspace; come in as a guest or a user';

/**
 * The one place that answers whether somebody may do something. Throws `unauthenticated`, `forbidden`, or `not_found`
 * where the room must look as if it did not exist.
 */
export function requirePermission(
  session: Session | undefined,
  permission: Permission,
  object: PolicyObject,
  rules: Rules,
): void {
  if (permission === 'session.start') return;
  if (!session) throw noSession(undefined);
  if (isOfWorkspace(permission)) {
    if (workspaceRoles[permission].includes(session.user.kind)) return requireByRules(session.user, permission, rules);
    return fail('forbidden', isPerson(session.user) ? 'Only the operator may do that' : NOT_THE_OPERATORS);
  }
  if (!isPerson(session.user)) return fail('forbidden', NOT_THE_OPERATORS);
  if (!object.room) return fail('not_found', 'There is no such room');
  const { kind, role } = object.room;
  const as: Role = role ?? 'outsider';
  if (!roomRoles['room.see'][kind].includes(as)) return fail('not_found', 'There is no such room');
  if (!roomRoles[permission][kind].includes(as)) {
    return fail('forbidden', as === 'outsider' ? 'Join the room first' : 'Your role in this room does not allow that');
  }
  if (kind === 'direct' && saysSomething.has(permission)) {
    if (rules.direct === 'off') return fail('forbidden', NO_DIRECTS);
    if (object.room.blocked) return fail('forbidden', NOT_TO_EACH_OTHER);
  }
  const isOwn = object.author === session.user.id;
  if (permission === 'message.edit' && !isOwn) return fail('forbidden', 'Only its author may edit a message');
  if (permission === 'message.delete' && !isOwn && (as !== 'owner' || kind === 'direct')) {
    return fail('forbidden', "Only its author or the room's owner may delete a message");
  }
}

function requireByRules(user: User, permission: Permission, rules: Rules): void {
  const may = mayByRules(user, rules);
  if (permission === 'room.create' && !may.createRooms) fail('forbidden', 'You may not create rooms here');
  // Who may not open one still gets those that are there: the command asks for new ones.
  if (permission === 'direct.open' && rules.direct === 'off') fail('forbidden', NO_DIRECTS);
}

/** Refuses a new direct room by the rules. `isShared`: whether the two are in a room together. */
export function requireDirect(user: User, rules: Rules, isShared: boolean): void {
  if (!mayByRules(user, rules).openDirects) fail('forbidden', 'You may not open direct rooms here');
  if (rules.direct === 'shared' && !isShared) fail('forbidden', 'You share no room with this person');
}

/** Refuses to bring somebody a direct room or an invitation of whom one blocks the other. */
export function requireContact(isBlocked: boolean): void {
  if (isBlocked) fail('forbidden', NOT_TO_EACH_OTHER);
}

function isOfWorkspace(permission: Permission): permission is WorkspacePermission {
  return Object.hasOwn(workspaceRoles, permission);
}
