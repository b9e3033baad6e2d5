import { z } from 'zod';
import type { RoomKind } from './room.js';

// All of the authority: two ladders, and one table. The server refuses calls and fills `can` from it.

/** Where a user stands in the workspace, from the bottom up. */
export const workspaceLadder = ['guest', 'member', 'admin', 'owner'] as const;

/** Where a user stands in a room, from the bottom up. Outsiders are no members. */
export const roomLadder = ['outsider', 'reader', 'member', 'moderator', 'owner'] as const;

/** A rung of the workspace's ladder. */
export type WorkspaceRung = (typeof workspaceLadder)[number];

/** A rung of a room's ladder. */
export type RoomRung = (typeof roomLadder)[number];

/** Values of `--create-rooms`: the lowest rung that may create rooms, or `off` for nobody. */
export const createRoomsRules = ['guest', 'member', 'off'] as const;

/** Values of `--direct`: the same for direct rooms; with `shared`, everybody may, with people who share a room with them. */
export const directRules = ['guest', 'member', 'shared', 'off'] as const;

/** What the operator has decided for the whole server. */
export interface Rules {
  createRooms: (typeof createRoomsRules)[number];
  direct: (typeof directRules)[number];
}

/** Who has a permission in the workspace: everybody from a rung up. The operator stands on no rung; `anyone` includes them. */
export type Holders = WorkspaceRung | 'anyone' | 'operator' | 'nobody';

/** The lowest rung that has a permission in a room, for each kind of room. */
export type Lowest = Record<RoomKind, RoomRung | 'nobody'>;

/** A row of the table of permissions: what it is asked of, and who has it. */
type PermissionRow = {
  /** Its name in the `can` of a session, a room or a message. Absent: clients don't need it. */
  can?: string;
} & (
  | {
      /** `none` needs no session, `self` any session; `workspace` is the whole server. */
      of: 'none' | 'self' | 'workspace';
      from: Holders | ((rules: Rules) => Holders);
    }
  | {
      /** `room` is the room in the input's `room`, `message` the message in the input's `message` (and its room). */
      of: 'room' | 'message';
      /** By whose message it is, where that matters. Where it doesn't, a room's `can` has the permission as well. */
      from: Lowest | { own: Lowest; others: Lowest };
      /** The two users of a direct room lose it while one blocks the other, and with `--direct off`. */
      isTalk?: true;
    }
);

/** Every permission, and who has it. */
export const permissions = {
  'session.start': { of: 'none', from: 'anyone' },
  'session.see': { of: 'self', from: 'anyone' },
  'session.use': { of: 'self', from: 'guest' },
  'session.end': { of: 'self', can: 'signOut', from: 'guest' },
  'user.rename': { of: 'self', can: 'rename', from: 'guest' },
  'room.create': {
    of: 'self',
    can: 'createRooms',
    from: ({ createRooms }: Rules) => (createRooms === 'off' ? 'nobody' : createRooms),
  },
  // For an existing room; a new one takes `direct.create` too.
  'direct.open': { of: 'self', from: ({ direct }: Rules) => (direct === 'off' ? 'nobody' : 'guest') },
  'direct.create': {
    of: 'self',
    can: 'openDirects',
    from: ({ direct }: Rules) => (direct === 'off' ? 'nobody' : direct === 'shared' ? 'guest' : direct),
  },
  'workspace.operate': { of: 'workspace', from: 'operator' },
  'room.see': { of: 'room', from: { public: 'outsider', private: 'reader', direct: 'reader' } },
  'room.join': { of: 'room', can: 'join', from: { public: 'outsider', private: 'reader', direct: 'reader' } },
  'room.leave': { of: 'room', can: 'leave', from: { public: 'reader', private: 'reader', direct: 'nobody' } },
  'room.hide': { of: 'room', can: 'hide', from: { public: 'nobody', private: 'nobody', direct: 'reader' } },
  'room.read': { of: 'room', can: 'read', from: { public: 'reader', private: 'reader', direct: 'reader' } },
  'room.write': {
    of: 'room',
    can: 'write',
    from: { public: 'member', private: 'member', direct: 'member' },
    isTalk: true,
  },
  'room.manage': { of: 'room', can: 'manage', from: { public: 'owner', private: 'owner', direct: 'nobody' } },
  'room.invite': { of: 'room', can: 'invite', from: { public: 'member', private: 'moderator', direct: 'nobody' } },
  'room.removeMembers': {
    of: 'room',
    can: 'removeMembers',
    from: { public: 'moderator', private: 'moderator', direct: 'nobody' },
  },
  'message.edit': {
    of: 'message',
    can: 'edit',
    from: {
      own: { public: 'member', private: 'member', direct: 'member' },
      others: { public: 'nobody', private: 'nobody', direct: 'nobody' },
    },
    isTalk: true,
  },
  'message.delete': {
    of: 'message',
    can: 'delete',
    from: {
      own: { public: 'reader', private: 'reader', direct: 'reader' },
      others: { public: 'moderator', private: 'moderator', direct: 'nobody' },
    },
  },
  'message.react': {
    of: 'message',
    can: 'react',
    from: { public: 'member', private: 'member', direct: 'member' },
    isTalk: true,
  },
  'message.pin': {
    of: 'message',
    can: 'pin',
    from: { public: 'moderator', private: 'moderator', direct: 'member' },
    isTalk: true,
  },
} as const satisfies Record<string, PermissionRow>;

/** A permission. */
export type Permission = keyof typeof permissions;

/** Permissions by what they are asked of. */
export type PermissionOf<Of extends PermissionRow['of']> = {
  [Name in Permission]: (typeof permissions)[Name] extends { of: Of } ? Name : never;
}[Permission];

/** Permissions on messages that don't depend on whose message it is: a room's `can` has them, too. */
type AnyAuthorPermission = {
  [Name in PermissionOf<'message'>]: (typeof permissions)[Name]['from'] extends Lowest ? Name : never;
}[PermissionOf<'message'>];

/** The names in `can` of some permissions. */
type CanName<Names extends Permission> = (typeof permissions)[Names] extends infer Row
  ? Row extends { can: infer Can extends string }
    ? Can
    : never
  : never;

/** Makes an object with a field for each permission that fits and has a name in `can`. */
function fieldsOf<Names extends Permission, Field extends z.ZodType>(
  fits: (row: PermissionRow) => boolean,
  field: Field,
): { [Can in CanName<Names>]: Field } {
  const rows: PermissionRow[] = Object.values(permissions);
  const names = rows.filter(fits).flatMap(({ can }) => can ?? []);
  return Object.fromEntries(names.map((can) => [can, field]));
}

/** Whether a permission on messages is the same for one's own and others'. */
export function ignoresAuthor(row: PermissionRow): boolean {
  return row.of === 'message' && !('own' in row.from);
}

/** What the caller may do in the workspace, whatever room it is. */
export const sessionAbilities = z.object(
  fieldsOf<PermissionOf<'self'>, z.ZodBoolean>(({ of }) => of === 'self', z.boolean()),
);

/** What the caller may do with a message. Only what is true is listed, since every message of a page has one. */
export const messageAbilities = z.object(
  fieldsOf<PermissionOf<'message'>, z.ZodOptional<z.ZodLiteral<true>>>(
    ({ of }) => of === 'message',
    z.literal(true).optional(),
  ),
);

/** What the caller may do in a room. */
export const roomAbilities = z.object({
  ...fieldsOf<PermissionOf<'room'> | AnyAuthorPermission, z.ZodBoolean>(
    (row) => row.of === 'room' || ignoresAuthor(row),
    z.boolean(),
  ),
  ownMessages: messageAbilities.meta({ description: 'What the caller may do with their own messages' }),
  otherMessages: messageAbilities.meta({ description: "What the caller may do with others' messages" }),
});

/** What the caller may do in the workspace. */
export type SessionAbilities = z.infer<typeof sessionAbilities>;

/** What the caller may do in a room. */
export type RoomAbilities = z.infer<typeof roomAbilities>;

/** What the caller may do with a message: `true`, or absent. */
export type MessageAbilities = z.infer<typeof messageAbilities>;
