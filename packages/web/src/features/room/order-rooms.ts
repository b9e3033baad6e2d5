import type { Room, Section } from '@madang/protocol';

/** A part of the list of rooms. */
export interface RoomGroup {
  /** `favorites`, `rooms`, `directs`, or the id of one of the user's own sections after a `#`. */
  key: string;
  section?: Section;
  rooms: readonly Room[];
}

/** The rooms in which something was said last come first, muted ones after all others. */
export function orderRooms(rooms: readonly Room[]): Room[] {
  return rooms.toSorted(
    (a, b) =>
      Number(isMuted(a)) - Number(isMuted(b)) ||
      activityOf(b) - activityOf(a) ||
      (a.id < b.id ? -1 : Number(a.id > b.id)),
  );
}

/**
 * The parts of the list: favorites, the user's own sections, other rooms, direct messages. Own sections may be empty. Each room
 * is in one of them, also while its section is not known (any more).
 */
export function groupRooms(all: readonly Room[], sections: readonly Section[]): RoomGroup[] {
  const ids = new Set(sections.map(({ id }) => id));
  const byKey = new Map<string, Room[]>();
  for (const room of orderRooms(all)) {
    const key = keyOf(room, ids);
    byKey.set(key, (byKey.get(key) ?? []).concat(room));
  }
  const group = (key: string) => ({ key, rooms: byKey.get(key) ?? [] });
  return [
    group('favorites'),
    ...sections.map((section) => ({ ...group(`#${section.id}`), section })),
    group('rooms'),
    group('directs'),
  ];
}

function keyOf({ favorite, section, kind }: Room, sections: ReadonlySet<string>): string {
  if (favorite) return 'favorites';
  if (section !== undefined && sections.has(section)) return `#${section}`;
  return kind === 'direct' ? 'directs' : 'rooms';
}

/** Whether the user has muted a room. */
export function isMuted(room: Room): boolean {
  return room.level === 'nothing';
}

/** How many messages of some rooms call for attention: those of muted rooms don't. */
export function unreadIn(rooms: readonly Room[]): number {
  return rooms.reduce((sum, room) => sum + (isMuted(room) ? 0 : (room.unread ?? 0)), 0);
}

function activityOf({ activeAt, createdAt }: Room): number {
  return activeAt ?? createdAt;
}
