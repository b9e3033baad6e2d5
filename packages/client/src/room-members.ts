import type { LoggedEvent, Member, SignalOf } from '@madang/protocol';
import type { Call } from './connection.js';
import { Derived } from './observable.js';

/** Something that changes a room's members, or their presence. */
export type MemberChange = LoggedEvent | ({ type: 'presence.changed' } & SignalOf<'presence.changed'>);

const PAGE_MEMBERS = 200;
const MAX_MEMBERS = 10_000;

/** A room's members: empty until they are loaded, and kept up to date from then on. */
export class RoomMembers {
  readonly list = new Derived(() => this.#members);
  readonly #room: string;
  readonly #call: Call;
  readonly #changed: () => void;
  #members: readonly Member[] = [];
  /** Changes that have arrived since a list being read was asked for. */
  #since: MemberChange[] | undefined;
  #isWanted = false;

  constructor(room: string, call: Call, changed: () => void) {
    this.#room = room;
    this.#call = call;
    this.#changed = changed;
  }

  /** Loads the members, at most 10,000. Throws `MadangError`. */
  async load(): Promise<void> {
    if (this.#since) return;
    this.#isWanted = true;
    const since: MemberChange[] = [];
    this.#since = since;
    try {
      const members = await this.#read();
      if (this.#since === since) this.#set(since.reduce(changeMembers, members));
    } finally {
      if (this.#since === since) this.#since = undefined;
    }
  }

  /** The connection is up again: what may have changed is loaded, if it was. */
  online(): void {
    if (this.#isWanted) this.load().catch(() => {});
  }

  apply(change: MemberChange): void {
    this.#since?.push(change);
    if (this.#isWanted) this.#set(changeMembers(this.#members, change));
  }

  /** Forgets the members; a list being read no longer counts. */
  clear(): void {
    this.#since = undefined;
    if (this.#members.length > 0) this.#set([]);
  }

  async #read(): Promise<readonly Member[]> {
    const members: Member[] = [];
    for (;;) {
      const after = members.at(-1)?.user.id;
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await this.#call('member.list', {
        room: this.#room,
        limit: PAGE_MEMBERS,
        ...(after !== undefined && { after }),
      });
      members.push(...page.members);
      if (!page.more || page.members.length === 0 || members.length >= MAX_MEMBERS) return members;
    }
  }

  #set(members: readonly Member[]): void {
    if (members === this.#members) return;
    this.#members = members;
    this.list.invalidate();
    this.#changed();
  }
}

/** Applies a change to a list of members. Applying it twice is the same as once. */
function changeMembers(members: readonly Member[], change: MemberChange): readonly Member[] {
  switch (change.type) {
    case 'member.joined': {
      if (members.some(({ user }) => user.id === change.user.id)) return members;
      // A user who joins on their own is online; the presence of an invited one arrives separately.
      const presence = change.actor.id === change.user.id ? 'online' : 'offline';
      return [...members, { user: change.user, role: change.role, joinedAt: change.at, presence }];
    }
    case 'member.left':
      return members.some(({ user }) => user.id === change.user.id)
        ? members.filter(({ user }) => user.id !== change.user.id)
        : members;
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
