import type { Permission, RoomKind, User } from '@madang/protocol';

/** Permissions that are not asked of a room. */
export type WorkspacePermission = Extract<
  Permission,
  'session.see' | 'session.use' | 'room.create' | 'direct.open' | 'workspace.operate'
>;

const people = ['guest', 'host'] as const;

/** Which kinds of users may do what where no room is asked. What is asked of a room is for people alone. */
export const workspaceRoles: Record<WorkspacePermission, readonly User['kind'][]> = {
  'session.see': [...people, 'operator'],
  'session.use': people,
  'room.create': people,
  'direct.open': people,
  'workspace.operate': ['operator'],
};

/** What a user is in a room. `outsider` is no member. */
export type Role = 'owner' | 'member' | 'outsider';

/** For a kind of room: which roles have a permission. */
type Holders = Record<RoomKind, readonly Role[]>;

const nobody = [] as const;
const members = ['owner', 'member'] as const;
const all = ['owner', 'member', 'outsider'] as const;
const owners = ['owner'] as const;

/**
 * Who may do what in a room. A permission on a message needs its row here, and is further narrowed by whose message it
 * is: `policy.ts`.
 */
export const roomRoles: Record<Exclude<Permission, 'session.start' | WorkspacePermission>, Holders> = {
  'room.see': { public: all, private: members, direct: members },
  'room.join': { public: all, private: members, direct: members },
  'room.hide': { public: nobody, private: nobody, direct: members },
  'room.leave': { public: members, private: members, direct: nobody },
  'room.read': { public: members, private: members, direct: members },
  'room.write': { public: members, private: members, direct: members },
  'room.manage': { public: owners, private: owners, direct: nobody },
  'room.invite': { public: members, private: owners, direct: nobody },
  'message.edit': { public: members, private: members, direct: members },
  'message.delete': { public: members, private: members, direct: members },
  'message.react': { public: members, private: members, direct: members },
};
