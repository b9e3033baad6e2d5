import {
  ignoresAuthor,
  type Permission,
  permissions,
  type RoomKind,
  roomLadder,
  type Rules,
  workspaceLadder,
} from '@madang/protocol';
import { describe, expect, test } from 'vitest';
import { Authority, type WorkspaceStanding } from '../dist/identity/authority.js';

/**
 * Who may do what in a room, written by hand from the documents, not derived from the code. One letter per rung:
 * outsider, reader, member, moderator, owner. o: may, f: forbidden, n: not_found.
 */
const inRooms: Record<string, Record<RoomKind, string>> = {
  'room.see': { public: 'ooooo', private: 'noooo', direct: 'noooo' },
  'room.join': { public: 'ooooo', private: 'noooo', direct: 'noooo' },
  'room.leave': { public: 'foooo', private: 'noooo', direct: 'nffff' },
  'room.hide': { public: 'fffff', private: 'nffff', direct: 'noooo' },
  'room.read': { public: 'foooo', private: 'noooo', direct: 'noooo' },
  'room.write': { public: 'ffooo', private: 'nfooo', direct: 'nfooo' },
  'room.invite': { public: 'ffooo', private: 'nffoo', direct: 'nffff' },
  'room.manage': { public: 'ffffo', private: 'nfffo', direct: 'nffff' },
  'room.removeMembers': { public: 'fffoo', private: 'nffoo', direct: 'nffff' },
  'message.react, own': { public: 'ffooo', private: 'nfooo', direct: 'nfooo' },
  "message.react, another's": { public: 'ffooo', private: 'nfooo', direct: 'nfooo' },
  'message.edit, own': { public: 'ffooo', private: 'nfooo', direct: 'nfooo' },
  "message.edit, another's": { public: 'fffff', private: 'nffff', direct: 'nffff' },
  'message.delete, own': { public: 'foooo', private: 'noooo', direct: 'noooo' },
  'message.pin, own': { public: 'fffoo', private: 'nffoo', direct: 'nfooo' },
  "message.pin, another's": { public: 'fffoo', private: 'nffoo', direct: 'nfooo' },
  "message.delete, another's": { public: 'fffoo', private: 'nffoo', direct: 'nffff' },
};

/** What a block or `--direct off` takes from both users of a direct room. */
const talk = ['room.write', 'message.react', 'message.edit', 'message.pin'];

/** The same for the workspace: guest, member, admin, owner, and the operator. */
const inWorkspace: Record<string, string> = {
  'session.see': 'ooooo',
  'session.use': 'oooof',
  'session.end': 'oooof',
  'user.rename': 'oooof',
  'room.create': 'oooof',
  'direct.open': 'oooof',
  'direct.create': 'oooof',
  'workspace.operate': 'ffffo',
};

/** How settings change that. */
const bySettings: [Partial<Rules>, Record<string, string>][] = [
  [{ createRooms: 'member' }, { 'room.create': 'fooof' }],
  [{ createRooms: 'off' }, { 'room.create': 'fffff' }],
  [{ direct: 'shared' }, {}],
  [{ direct: 'member' }, { 'direct.create': 'fooof' }],
  [{ direct: 'off' }, { 'direct.create': 'fffff', 'direct.open': 'fffff' }],
];

const open: Rules = { createRooms: 'guest', direct: 'guest' };
const me: WorkspaceStanding = { id: 'me', kind: 'guest' };
const kinds = ['public', 'private', 'direct'] as const;

const cases = Object.keys(inRooms).map((name) => {
  const [permission, whose] = name.split(', ') as [Permission, string | undefined];
  return { name, permission, isOwn: whose === 'own' };
});

/** How a call is answered, as one letter. */
function letterOf(call: () => void): string {
  try {
    call();
    return 'o';
  } catch (error) {
    return (error as { code: string }).code === 'not_found' ? 'n' : 'f';
  }
}

/** What `can` says about a permission. */
function told(
  authority: Authority,
  { permission, isOwn }: (typeof cases)[number],
  room: Parameters<Authority['inRoom']>[0],
) {
  const row: (typeof permissions)[Permission] & { can?: string } = permissions[permission];
  const can = authority.inRoom(room);
  if (row.can === undefined) return undefined;
  if (row.of === 'room') return can[row.can as 'write'];
  const ofMessage = authority.withMessage(room, isOwn)?.[row.can as 'edit'] ?? false;
  if (ignoresAuthor(row)) expect(can[row.can as 'react']).toBe(ofMessage);
  return ofMessage;
}

test('every permission has its row in this test', () => {
  const known = [...cases.map(({ permission }) => permission), ...Object.keys(inWorkspace)];
  expect([...new Set([...known, 'session.start'])].sort()).toEqual(Object.keys(permissions).sort());
});

describe.each(kinds)('in a %s room', (kind) => {
  test.each(cases)('$name: each rung gets what the documents say, and `can` agrees', (each) => {
    const authority = new Authority(open);
    const letters = roomLadder.map((rung) => {
      const room = { kind, role: rung === 'outsider' ? null : rung };
      const author = each.isOwn ? me.id : 'another';
      const letter = letterOf(() => authority.require({ user: me }, each.permission, { room, author }));
      const can = told(authority, each, room);
      if (can !== undefined) expect(can, rung).toBe(letter === 'o');
      return letter;
    });
    expect(letters.join('')).toBe(inRooms[each.name]?.[kind]);
  });
});

describe.each([
  ['one blocks the other', open, 1],
  ['there are none', { ...open, direct: 'off' }, 0],
] as const)('in a direct room while %s', (_, rules, blocked) => {
  test.each(cases)('$name', (each) => {
    const authority = new Authority(rules);
    for (const rung of roomLadder) {
      const room = { kind: 'direct', role: rung === 'outsider' ? null : rung, blocked } as const;
      const author = each.isOwn ? me.id : 'another';
      const before = inRooms[each.name]?.direct[roomLadder.indexOf(rung)];
      const letter = letterOf(() => authority.require({ user: me }, each.permission, { room, author }));
      expect(letter, rung).toBe(before === 'o' && talk.includes(each.permission) ? 'f' : before);
      const can = told(authority, each, room);
      if (can !== undefined) expect(can, rung).toBe(letter === 'o');
    }
  });
});

test('a block or a setting about direct rooms changes nothing in other rooms', () => {
  const room = { kind: 'public', role: 'member' } as const;
  const strict = new Authority({ createRooms: 'off', direct: 'off' });
  expect(strict.inRoom({ ...room, blocked: 1 })).toEqual(new Authority(open).inRoom(room));
});

test.each([[{}, {}] as (typeof bySettings)[number], ...bySettings])(
  'in the workspace, with %o',
  (settings, changes) => {
    const authority = new Authority({ ...open, ...settings });
    const users: WorkspaceStanding[] = [
      ...workspaceLadder.map((role) => ({ id: 'me', kind: 'guest' as const, role })),
      { id: 'operator', kind: 'operator' },
    ];
    for (const [permission, row] of Object.entries({ ...inWorkspace, ...changes })) {
      const letters = users.map((user) => letterOf(() => authority.require({ user }, permission as Permission)));
      expect(letters.join(''), permission).toBe(row);
      const { can } = permissions[permission as Permission] as { can?: 'rename' };
      if (can) expect(users.map((user) => (authority.inWorkspace(user)[can] ? 'o' : 'f')).join('')).toBe(row);
    }
  },
);

test('a guest has the rung of a guest; a user of the host app is a member, whose name and sign-in belong to the app', () => {
  const authority = new Authority({ createRooms: 'member', direct: 'member' });
  expect(authority.inWorkspace({ id: 'g', kind: 'guest' })).toEqual({
    createRooms: false,
    openDirects: false,
    rename: true,
    signOut: true,
  });
  const user = { id: 'u', kind: 'host' } as const;
  expect(authority.inWorkspace(user)).toEqual({ createRooms: true, openDirects: true, rename: false, signOut: false });
  for (const permission of ['session.end', 'user.rename'] as const)
    expect(() => authority.require({ user }, permission)).toThrow('in the app that this chat belongs to');
});

test('a user can remove only those on a lower rung', () => {
  const authority = new Authority(open);
  for (const [at, rung] of roomLadder.entries())
    for (const [other, target] of roomLadder.entries())
      expect(
        letterOf(() => authority.requireAbove(rung, target)),
        `${rung} ${target}`,
      ).toBe(at > other ? 'o' : 'f');
});

test('a higher rung may do everything that a lower one may', () => {
  const authority = new Authority(open);
  for (const kind of kinds) {
    const counts = roomLadder.map((rung) => {
      const can = authority.inRoom({ kind, role: rung === 'outsider' ? null : rung });
      return JSON.stringify(can).split('true').length;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  }
});
