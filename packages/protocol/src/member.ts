import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineEvent } from './event.js';
import { limit, roomId, timestamp, userId, userRef } from './fields.js';
import { presenceState } from './presence.js';

const role = z.enum(['owner', 'member']);

/** A member of a room. */
export const member = z
  .object({
    user: userRef,
    role,
    joinedAt: timestamp,
    presence: presenceState,
    lastSeen: timestamp.optional().meta({ description: 'When they were last online; absent while online or away' }),
  })
  .meta({ id: 'Member' });

/** A member of a room. */
export type Member = z.infer<typeof member>;

/** What a member may do in a room. */
export type MemberRole = z.infer<typeof role>;

const memberList = defineCommand({
  name: 'member.list',
  doc: {
    en: 'Lists the members of a room in the order they joined. `after` is the last user of the previous page.',
    ko: '방의 참여자를 들어온 순서로 보여 줍니다. `after`는 앞 페이지의 마지막 사용자입니다.',
  },
  input: z.strictObject({
    room: roomId,
    present: z.boolean().optional().meta({ description: 'Only those who are online or away' }),
    after: userId.optional(),
    limit,
  }),
  output: z.object({ members: z.array(member), more: z.boolean() }),
  permission: 'room.read',
  budget: 'read',
  http: { method: 'GET', path: '/rooms/:room/members' },
  line: {
    verb: 'who',
    args: [],
    reply: (output) =>
      output.members.map(({ user, presence, role: has }) => `${user.name}  ${presence}  ${has}  ${user.id}`),
  },
});

const memberJoined = defineEvent(
  'member.joined',
  { user: userRef, role },
  { en: 'A user became a member.', ko: '사용자가 들어왔습니다.' },
  (event, language) => (language === 'ko' ? `* ${event.user.name} 들어옴` : `* ${event.user.name} joined`),
);

const memberLeft = defineEvent(
  'member.left',
  { user: userRef, reason: z.enum(['left', 'removed']) },
  { en: 'A user is no longer a member.', ko: '사용자가 나갔습니다.' },
  (event, language) => (language === 'ko' ? `* ${event.user.name} 나감` : `* ${event.user.name} left`),
);

const memberUpdated = defineEvent(
  'member.updated',
  { user: userRef, previousName: z.string().optional(), role: role.optional() },
  { en: 'A member has a new nickname or role.', ko: '참여자의 닉네임이나 역할이 바뀌었습니다.' },
  (event, language) => {
    if (event.previousName !== undefined) return `* ${event.previousName} → ${event.user.name}`;
    return language === 'ko' ? `* ${event.user.name}: 방장` : `* ${event.user.name} is now ${event.role}`;
  },
);

export const memberCommands = byName(memberList);

export const memberEvents = byName(memberJoined, memberLeft, memberUpdated);
