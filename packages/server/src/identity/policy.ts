import { fail, type Permission, type RoomKind } from '@madang/protocol';
import { isPerson, noSession, type Session } from './actor.js';
import { type Role, roomRoles, type YardPermission, yardRoles } from './roles.js';

/** Said to both, in one form: it is nobody's business who blocks whom. */
const NOT_TO_EACH_OTHER = 'You and this person do not write to each other';

/** What a block between the two of a direct room takes from both. */
const saysSomething: ReadonlySet<Permission> = new Set(['room.write', 'message.edit', 'message.react']);

/** What a permission is asked of. */
export interface PolicyObject {
  room?: { kind: RoomKind; role: Exclude<Role, 'outsider'> | null; blocked?: number };
  /** Who wrote the message. */
  author?: string;
}

const NOT_THE_OPERATORS = 'The operator is nobody in the yard; come in as a guest or a user';

/**
 * The one place that answers whether somebody may do something. Throws `unauthenticated`, `forbidden`, or `not_found`
 * where the room must look as if it did not exist.
 */
export function requirePermission(session: Session | undefined, permission: Permission, object: PolicyObject): void {
  if (permission === 'session.start') return;
  if (!session) throw noSession(undefined);
  if (isOfYard(permission)) {
    if (yardRoles[permission].includes(session.user.kind)) return;
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
  if (object.room.blocked && saysSomething.has(permission)) return fail('forbidden', NOT_TO_EACH_OTHER);
  const isOwn = object.author === session.user.id;
  if (permission === 'message.edit' && !isOwn) return fail('forbidden', 'Only its author may edit a message');
  if (permission === 'message.delete' && !isOwn && (as !== 'owner' || kind === 'direct')) {
    return fail('forbidden', "Only its author or the room's owner may delete a message");
  }
}

/** Refuses to bring somebody a direct room or an invitation of whom one blocks the other. */
export function requireContact(isBlocked: boolean): void {
  if (isBlocked) fail('forbidden', NOT_TO_EACH_OTHER);
}

function isOfYard(permission: Permission): permission is YardPermission {
  return Object.hasOwn(yardRoles, permission);
}
