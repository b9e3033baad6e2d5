import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { roomId, sectionName, shortText } from './fields.js';
import { formatLimits } from './limits.js';

/** A member's own order of their rooms, which nobody else sees, and which rooms call for their attention. */

const sectionId = shortText(formatLimits.sectionIdChars)
  .regex(/^[a-z0-9_-]+$/, { error: 'must be a section id', abort: true })
  .meta({ minLength: 1, description: "A section's id, which its owner chooses: `a-z`, `0-9`, `_` and `-`" });

/** A part of a user's list of rooms. */
export const section = z.strictObject({ id: sectionId, name: sectionName }).meta({ id: 'Section' });

/** A part of a user's list of rooms. */
export type Section = z.infer<typeof section>;

/** What a room calls for attention with. `all`: every message. `nothing`: it is muted. */
export const notificationLevel = z.enum(['all', 'nothing']);

/** What a room calls for attention with. */
export type NotificationLevel = z.infer<typeof notificationLevel>;

const membership = {
  room: roomId,
  favorite: z.boolean(),
  section: sectionId.nullable().meta({ description: 'Null: in none' }),
  level: notificationLevel,
};

const sections = z
  .array(section)
  .max(formatLimits.sections)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'must have different ids')
  .meta({ description: 'In the order of the list' });

const membershipSet = defineCommand({
  name: 'membership.set',
  doc: {
    en: 'Makes a room one of your favorites, or puts it into one of your sections; what is absent stays as it is. Only you see that, on all your connections. It ends with the membership. `not_found` if you have no such section.',
    ko: '방을 즐겨찾기에 넣거나 내 섹션으로 옮깁니다. 주지 않은 값은 그대로입니다. 나에게만, 내 모든 연결에서 보이며 방에서 나가면 사라집니다. 그런 섹션이 없으면 `not_found`입니다.',
  },
  input: z.strictObject({
    room: roomId,
    favorite: z.boolean().optional(),
    section: sectionId.nullable().optional().meta({ description: 'Null takes it out of its section' }),
  }),
  output: z.object(membership),
  permission: 'room.read',
  budget: 'write',
  http: { method: 'PATCH', path: '/rooms/:room/membership' },
});

const notificationSet = defineCommand({
  name: 'notification.set',
  doc: {
    en: 'Chooses what a room calls for your attention with: `nothing` mutes it. Its messages are counted as unread all the same; clients leave them out of their totals. It ends with the membership.',
    ko: '방의 알림을 정합니다. `nothing`이면 조용한 방이 됩니다. 읽지 않은 수는 그대로 세지만, 클라이언트는 합계에서 뺍니다. 방에서 나가면 사라집니다.',
  },
  input: z.strictObject({ room: roomId, level: notificationLevel }),
  output: z.object(membership),
  permission: 'room.read',
  budget: 'write',
  http: { method: 'PUT', path: '/rooms/:room/notifications' },
});

const sectionSet = defineCommand({
  name: 'section.set',
  doc: {
    en: 'Replaces the sections of your list of rooms: new ones, other names, another order. Rooms of a section that is not among them are in none afterwards. `was` are the sections that you mean to change: if they are others by now, nothing happens (`conflict`).',
    ko: '내 방 목록의 섹션을 통째로 바꿉니다. 새 섹션, 다른 이름, 다른 순서 모두 이렇게 정합니다. 빠진 섹션의 방은 섹션 없이 남습니다. `was`는 바꾸려던 섹션입니다. 그 사이에 달라졌으면 아무것도 바뀌지 않습니다(`conflict`).',
  },
  input: z.strictObject({ sections, was: sections.optional() }),
  output: z.object({ sections }),
  permission: 'session.use',
  budget: 'write',
  http: { method: 'PUT', path: '/sections' },
});

const sectionList = defineCommand({
  name: 'section.list',
  doc: { en: 'Lists the sections of your list of rooms.', ko: '내 방 목록의 섹션을 보여 줍니다.' },
  input: z.strictObject({}),
  output: z.object({ sections }),
  permission: 'session.use',
  budget: 'read',
  http: { method: 'GET', path: '/sections' },
});

const membershipChanged = defineSignal('membership.changed', membership, {
  en: 'On another connection you have made a room a favorite, moved it to a section, muted it, or ended that.',
  ko: '내 다른 연결에서 방의 즐겨찾기, 섹션, 알림을 바꾸었습니다.',
});

const sectionsChanged = defineSignal(
  'sections.changed',
  { sections },
  { en: 'On another connection you have changed your sections.', ko: '내 다른 연결에서 섹션을 바꾸었습니다.' },
);

export const membershipCommands = byName(membershipSet, notificationSet, sectionSet, sectionList);

export const membershipSignals = byName(membershipChanged, sectionsChanged);
