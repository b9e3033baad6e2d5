import {
  type ErrorObject,
  type Holders,
  ignoresAuthor,
  type Lowest,
  MadangError,
  type MessageAbilities,
  type Permission,
  type PermissionOf,
  permissions,
  type RoomAbilities,
  type RoomKind,
  roomLadder,
  type RoomRung,
  type Rules,
  type SessionAbilities,
  type User,
  workspaceLadder,
  type WorkspaceRung,
} from '@madang/protocol';
import { isPerson, noSession, type Session } from './actor.js';

// Judges by the protocol's table of permissions, and the few facts that narrow it. Refusals and `can` come from the same
// function, so a change of the table reaches both.

/** Permissions that are not asked of a room. */
type WorkspacePermission = Exclude<PermissionOf<'self' | 'workspace'>, 'session.start'>;

/** Permissions that are asked of a room, or of a message in it. */
type RoomPermission = PermissionOf<'room' | 'message'>;

const NO_DIRECTS = 'There are no direct rooms here';

/** What users of a host app do in the app instead. */
const keptByApp: { [Name in Permission]?: string } = {
  'session.end': 'Sign out in the app that this chat belongs to',
  'user.rename': 'Change your name in the app that this chat belongs to',
};

/** Refusals that say more than that the caller's rung is too low. */
const tooLow: { [Name in Permission]?: string } = {
  'room.create': 'You may not create rooms here',
  'direct.open': NO_DIRECTS,
  'direct.create': 'You may not open direct rooms here',
  'workspace.operate': 'Only the operator may do that',
  'message.edit': 'Only its author may edit a message',
  'message.delete': "Only its author or the room's owner may delete a message",
};

const noRoom: ErrorObject = { code: 'not_found', message: 'There is no such room' };
const notTheOperators = forbidden('The operator is not a user of the workspace; sign in as a guest or a user');
const notShared = forbidden('You share no room with this person');
const notBelow = forbidden('Only those who stand below you in the room can be removed');
const noDirects = forbidden(NO_DIRECTS);

/** The same words for both users: they must not reveal who blocks whom. */
const notToEachOther = forbidden('You and this person do not write to each other');

/** The object of a permission. */
export interface AuthorityObject {
  room?: Standing | undefined;
  /** Who wrote the message. */
  author?: string;
}

/** A user, and where they stand in the workspace. */
export interface WorkspaceStanding extends Pick<User, 'id' | 'kind'> {
  /** The rung given to them. Nobody is given one yet: it follows from the user's kind. */
  role?: WorkspaceRung;
}

/** A room, and a user's standing in it. */
export interface Standing {
  kind: RoomKind;
  /** Null for an outsider. */
  role: RoomRung | null;
  /** 1 while one of the two users of a direct room blocks the other. */
  blocked?: number;
}

/** Decides whether a call is allowed, and tells what the caller may do. */
export class Authority {
  readonly #rules: Rules;
  /** By standing: there are only a few, and rooms are described often. */
  readonly #abilities = new Map<string, RoomAbilities>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /**
   * Throws unless the caller has a permission: `unauthenticated`, `forbidden`, or `not_found` if the room has to look as
   * though it did not exist.
   */
  require(
    session: { user: WorkspaceStanding } | undefined,
    permission: Permission,
    { room, author }: AuthorityObject = {},
  ): void {
    if (permission === 'session.start') return;
    if (!session) throw noSession(undefined);
    const { user } = session;
    throwIf(
      isOfRoom(permission)
        ? this.#refuseInRoom(isPerson(user), permission, room, author === user.id)
        : this.#refuse(user, permission),
    );
  }

  /** Throws `forbidden` unless the caller may create a direct room. `isShared`: the two users have a room in common. */
  requireDirect(session: Session, isShared: boolean): void {
    this.require(session, 'direct.create');
    if (this.#rules.direct === 'shared' && !isShared) throwIf(notShared);
  }

  /** Throws `forbidden` if a direct room or an invitation would bring a user together with one whom they block, or who blocks them. */
  requireContact(isBlocked: boolean): void {
    if (isBlocked) throwIf(notToEachOther);
  }

  /** Throws `forbidden` unless the first rung is above the second. */
  requireAbove(rung: RoomRung | null, other: RoomRung): void {
    if (roomLadder.indexOf(rung ?? 'outsider') <= roomLadder.indexOf(other)) throwIf(notBelow);
  }

  /** What a user may do in the workspace, whatever room it is. */
  inWorkspace(user: WorkspaceStanding): SessionAbilities {
    const can: Record<string, boolean> = {};
    for (const [permission, row] of rowsOf('self')) can[row.can] = this.#refuse(user, permission) === undefined;
    return can as SessionAbilities;
  }

  /** What a user may do in a room. The same object for the same standing; it must not be changed. */
  inRoom({ kind, role, blocked = 0 }: Standing): RoomAbilities {
    const key = `${kind} ${role} ${blocked}`;
    let can = this.#abilities.get(key);
    if (!can) {
      can = this.#abilitiesIn({ kind, role, blocked });
      this.#abilities.set(key, can);
    }
    return can;
  }

  /** What a user may do with a message; undefined for nothing. */
  withMessage(room: Standing, isOwn: boolean): MessageAbilities | undefined {
    const { ownMessages, otherMessages } = this.inRoom(room);
    const can = isOwn ? ownMessages : otherMessages;
    return Object.keys(can).length > 0 ? can : undefined;
  }

  #abilitiesIn(room: Standing): RoomAbilities {
    const may = (permission: RoomPermission, isOwn: boolean) =>
      this.#refuseInRoom(true, permission, room, isOwn) === undefined;
    const can: Record<string, boolean> = {};
    const ownMessages: Record<string, true> = {};
    const otherMessages: Record<string, true> = {};
    for (const [permission, row] of rowsOf('room')) can[row.can] = may(permission, false);
    for (const [permission, row] of rowsOf('message')) {
      if (ignoresAuthor(row)) can[row.can] = may(permission, false);
      if (may(permission, true)) ownMessages[row.can] = true;
      if (may(permission, false)) otherMessages[row.can] = true;
    }
    return { ...can, ownMessages, otherMessages } as RoomAbilities;
  }

  #refuse(user: WorkspaceStanding, permission: WorkspacePermission): ErrorObject | undefined {
    const { from }: { from: Holders | ((rules: Rules) => Holders) } = permissions[permission];
    const holders = typeof from === 'function' ? from(this.#rules) : from;
    if (holders === 'anyone') return undefined;
    const rung = rungOf(user);
    if (rung === undefined) return holders === 'operator' ? undefined : notTheOperators;
    if (user.kind === 'host' && keptByApp[permission] !== undefined) return forbidden(keptByApp[permission]);
    const isHolder = holders !== 'operator' && reaches(workspaceLadder, rung, holders);
    return isHolder ? undefined : forbidden(tooLow[permission] ?? 'Your role in the workspace does not allow that');
  }

  #refuseInRoom(
    isOfPerson: boolean,
    permission: RoomPermission,
    room: Standing | undefined,
    isOwn: boolean,
  ): ErrorObject | undefined {
    if (!isOfPerson) return notTheOperators;
    if (!room) return noRoom;
    const rung = room.role ?? 'outsider';
    if (!reaches(roomLadder, rung, lowestOf('room.see', isOwn)[room.kind])) return noRoom;
    if (!reaches(roomLadder, rung, lowestOf(permission, isOwn)[room.kind])) return refusalFor(permission, room, isOwn);
    if (room.kind !== 'direct' || !('isTalk' in permissions[permission])) return undefined;
    if (this.#rules.direct === 'off') return noDirects;
    return room.blocked ? notToEachOther : undefined;
  }
}

/** Where a user stands in the workspace; the operator stands nowhere. */
function rungOf(user: WorkspaceStanding): WorkspaceRung | undefined {
  if (!isPerson(user)) return undefined;
  return user.role ?? (user.kind === 'guest' ? 'guest' : 'member');
}

function reaches<Rung extends string>(ladder: readonly Rung[], rung: Rung, lowest: Rung | 'nobody'): boolean {
  return lowest !== 'nobody' && ladder.indexOf(rung) >= ladder.indexOf(lowest);
}

function lowestOf(permission: RoomPermission, isOwn: boolean): Lowest {
  const { from } = permissions[permission];
  return 'own' in from ? from[isOwn ? 'own' : 'others'] : from;
}

/** The refusal for a rung that is too low. A permission's own words are about others' messages. */
function refusalFor(permission: RoomPermission, room: Standing, isOwn: boolean): ErrorObject {
  if (room.role === null) return forbidden('Join the room first');
  return forbidden((isOwn ? undefined : tooLow[permission]) ?? 'Your role in this room does not allow that');
}

function isOfRoom(permission: Exclude<Permission, 'session.start'>): permission is RoomPermission {
  const { of } = permissions[permission];
  return of === 'room' || of === 'message';
}

/** The rows of the permissions that are asked of something and have a name in `can`. */
function rowsOf<Of extends 'self' | 'room' | 'message'>(of: Of) {
  const named = Object.entries(permissions).filter(([, row]) => row.of === of && 'can' in row);
  return named as [PermissionOf<Of>, (typeof permissions)[PermissionOf<Of>] & { can: string }][];
}

function forbidden(message: string): ErrorObject {
  return { code: 'forbidden', message };
}

function throwIf(refusal: ErrorObject | undefined): void {
  if (refusal) throw new MadangError(refusal);
}
