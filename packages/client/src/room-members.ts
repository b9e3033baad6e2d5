import type { LoggedEvent, Member, SignalOf } from '@madang/protocol';

/** Something that changes a room's members, or their presence. */
export type MemberChange = LoggedEvent | ({ type: 'presence.changed' } & SignalOf<'presence.changed'>);

/** Applies a change to a list of members. Applying it twice is the same as once. */
export function changeMembers(members: readonly Member[], change: MemberChange): readonly Member[] {
  switch (change.type) {
    case 'member.joined': {
      if (members.some(({ user }) => user.id === change.user.id)) return members;
      // A user who joins on their own is online; the presence of an invited one arrives separately.
      const presence = change.actor.id === change.user.id ? 'online' : 'offline';
      return [...members, { user: change.user, role: change.role, joinedAt: change.at, presence }];
    }
    case 'member.left':
      return members.filter(({ user }) => user.id !== change.user.id);
    case 'member.updated':
      return changeMember(members, change.user.id, (member) => ({
        ...member,
        user: change.user,
        role: change.role ?? member.role,
      }));
    case 'presence.changed':
      return changeMember(members, change.user.id, ({ user: _user, lastSeen: _lastSeen, ...member }) => ({
        ...member,
        user: change.user,
        presence: change.presence,
        ...(change.lastSeen !== undefined && { lastSeen: change.lastSeen }),
      }));
    default:
      return members;
  }
}

function changeMember(members: readonly Member[], id: string, change: (member: Member) => Member): readonly Member[] {
  const index = members.findIndex(({ user }) => user.id === id);
  return index === -1 ? members : members.with(index, change(members[index]!));
}
