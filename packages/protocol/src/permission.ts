import { z } from 'zod';

/** A row of the table of permissions. */
interface PermissionRow {
  /**
   * Its object: `none` needs no session, `self` any session; `workspace` is the whole server, `room` the room in the
   * input's `room`, `message` the message in the input's `message` (and its room).
   */
  of: 'none' | 'self' | 'workspace' | 'room' | 'message';
  /** Its name in the `can` of a session, a room or a message. Absent: clients don't need it. */
  can?: string;
  /** A permission on messages that doesn't depend on whose message it is: a room's `can` has it as a field, too. */
  alike?: true;
}

/** Every permission. `identity/authority.ts` in the server says who has it. */
export const permissions = {
  'session.start': { of: 'none' },
  'session.see': { of: 'self' },
  'session.use': { of: 'self' },
  'session.end': { of: 'self', can: 'signOut' },
  'user.rename': { of: 'self', can: 'rename' },
  'room.create': { of: 'self', can: 'createRooms' },
  'direct.open': { of: 'self' },
  'direct.create': { of: 'self', can: 'openDirects' },
  'workspace.operate': { of: 'workspace' },
  'room.see': { of: 'room' },
  'room.join': { of: 'room', can: 'join' },
  'room.leave': { of: 'room', can: 'leave' },
  'room.hide': { of: 'room', can: 'hide' },
  'room.read': { of: 'room', can: 'read' },
  'room.write': { of: 'room', can: 'write' },
  'room.manage': { of: 'room', can: 'manage' },
  'room.invite': { of: 'room', can: 'invite' },
  'room.removeMembers': { of: 'room', can: 'removeMembers' },
  'message.edit': { of: 'message', can: 'edit' },
  'message.delete': { of: 'message', can: 'delete' },
  'message.react': { of: 'message', can: 'react', alike: true },
} as const satisfies Record<string, PermissionRow>;

/** A permission. */
export type Permission = keyof typeof permissions;

/** Permissions by what they are asked of. */
export type PermissionOf<Of extends PermissionRow['of']> = {
  [Name in Permission]: (typeof permissions)[Name] extends { of: Of } ? Name : never;
}[Permission];

/** Permissions on messages that are the same for one's own and others'. */
export type AlikePermission = {
  [Name in Permission]: (typeof permissions)[Name] extends { alike: true } ? Name : never;
}[Permission];

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
  ...fieldsOf<PermissionOf<'room'> | AlikePermission, z.ZodBoolean>(
    ({ of, alike }) => of === 'room' || alike === true,
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
