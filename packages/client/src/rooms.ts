import type { CommandOutput, Room, RoomAbilities, Section, UserRef } from '@madang/protocol';
import { Derived, Value } from './observable.js';
import type { RoomEvent } from './room-event.js';

/** `unread` and `mentions` are counted up to this number, as on the server. */
const MAX_UNREAD = 100;

type Deleted = Extract<RoomEvent, { type: 'message.deleted' }>;

interface Entry {
  room: Room;
  /** The server has counted unread messages up to this seq, which may be ahead of the events here. */
  snapshotHead: number;
  /** Others' messages since the first snapshot, the newest {@link MAX_UNREAD}, without the deleted ones. */
  others: readonly Counted[];
  /** Those of them that mention the caller. */
  mentions: readonly Counted[];
}

/** A message that counts as unread until it is read or deleted. */
interface Counted {
  id: string;
  seq: number;
}

/** The caller's rooms, kept up to date by their events; `list` omits those that the caller has hidden. */
export class Rooms {
  readonly list = new Derived<readonly Room[]>(() =>
    Array.from(this.#rooms.values(), ({ room }) => room).filter(({ hidden }) => !hidden),
  );
  readonly sections = new Value<readonly Section[]>([]);
  readonly #rooms = new Map<string, Entry>();
  readonly #changed: (id: string) => void;

  /** `changed` is called with the room that has changed. */
  constructor(changed: (id: string) => void) {
    this.#changed = changed;
  }

  get(id: string): Room | undefined {
    return this.#rooms.get(id)?.room;
  }

  /** All of them, hidden ones too. */
  all(): Room[] {
    return Array.from(this.#rooms.values(), ({ room }) => room);
  }

  /** Takes a room from the server, unless it is older than the one here. */
  put(room: Room): void {
    const known = this.#rooms.get(room.id);
    if (known && known.room.head > room.head) return;
    const shown = withSameAbilities(room, known?.room.can);
    this.#rooms.set(room.id, { room: shown, snapshotHead: room.head, others: [], mentions: [] });
    // Read marks set here but not sent yet stay.
    if (known?.room.read !== undefined) this.read(room.id, known.room.read);
    this.#invalidate(room.id);
  }

  remove(id: string): void {
    if (this.#rooms.delete(id)) this.#invalidate(id);
  }

  /** Forgets everything: it belongs to another history, or another user. */
  clear(): void {
    this.#rooms.clear();
    this.sections.set([]);
    this.list.invalidate();
  }

  /** Applies what the caller may do in a room. The server's answer may be older than events that are here already. */
  allow(id: string, can: RoomAbilities): void {
    this.#change(id, (room) => withSameAbilities({ ...room, can }, room.can));
  }

  /** Applies an event. Events already reflected in the snapshot change nothing. Returns whether it was a new one. */
  apply(event: RoomEvent, me: string): boolean {
    const entry = this.#rooms.get(event.room);
    if (!entry || event.seq <= entry.room.head) return false;
    if (event.type === 'message.created' && event.actor.id !== me) {
      const counted = { id: event.message.id, seq: event.seq };
      entry.others = [...entry.others, counted].slice(-MAX_UNREAD);
      if (isMentioned(event, me)) entry.mentions = [...entry.mentions, counted].slice(-MAX_UNREAD);
    }
    if (event.type === 'message.deleted') uncount(entry, event, me);
    // A message unhides a room.
    if (event.type === 'message.created' && entry.room.hidden) this.setHidden(event.room, false);
    entry.room = { ...entry.room, ...changes(entry, event, me), head: event.seq };
    this.#invalidate(event.room);
    return true;
  }

  /**
   * Whether only the server knows the room's mentions now: a message from before the snapshot was deleted, and may have been
   * one of them.
   */
  hasUnsureMentions(event: RoomEvent, me: string): boolean {
    const entry = this.#rooms.get(event.room);
    if (!entry || event.type !== 'message.deleted' || event.author === me) return false;
    const { room, snapshotHead } = entry;
    if (event.seq <= snapshotHead) return false;
    return Boolean(room.mentions) && event.messageSeq <= snapshotHead && event.messageSeq > (room.read ?? 0);
  }

  /** The caller has hidden a direct room, or opened it again. */
  setHidden(id: string, isHidden: boolean): void {
    this.#change(id, ({ hidden: _hidden, ...room }) => (isHidden ? { ...room, hidden: true } : room));
  }

  /** The caller has changed their own order of a room. */
  setMembership({ room: id, favorite, section, level }: CommandOutput<'membership.set'>): void {
    this.#change(id, ({ favorite: _favorite, section: _section, level: _level, ...room }) => ({
      ...room,
      ...(favorite && { favorite: true as const }),
      ...(section !== null && { section }),
      ...(level === 'nothing' && { level }),
    }));
  }

  /** The caller's sections are these: a room whose section is not among them is in none. */
  setSections(sections: readonly Section[]): void {
    if (JSON.stringify(this.sections.get()) !== JSON.stringify(sections)) this.sections.set(sections);
    const ids = new Set(sections.map(({ id }) => id));
    for (const { room } of this.#rooms.values()) {
      if (room.section !== undefined && !ids.has(room.section))
        this.#change(room.id, ({ section: _section, ...rest }) => rest);
    }
  }

  /** The caller has blocked or unblocked somebody. */
  setBlocked(user: string, isBlocked: boolean): void {
    for (const { room } of this.#rooms.values()) {
      if (room.peer?.id !== user) continue;
      this.#change(room.id, ({ blocked: _blocked, ...rest }) => (isBlocked ? { ...rest, blocked: true } : rest));
    }
  }

  /** The caller has read up to a seq; it never goes back. */
  read(id: string, seq: number): void {
    const entry = this.#rooms.get(id);
    if (!entry || seq <= (entry.room.read ?? 0)) return;
    entry.room = { ...entry.room, read: seq, ...countsAfter(entry, seq) };
    this.#invalidate(id);
  }

  /** The server has marked a room as read up to a seq, and counted what is left. */
  marked({ room: id, seq, head, unread, mentions }: CommandOutput<'read.mark'>): void {
    this.read(id, seq);
    const entry = this.#rooms.get(id);
    // Unless more has been read since, or a newer snapshot is here.
    if (!entry || entry.room.read !== seq || head < entry.snapshotHead) return;
    const after = (messages: readonly Counted[]) => messages.filter((message) => message.seq > head).length;
    entry.snapshotHead = head;
    entry.room = {
      ...entry.room,
      unread: Math.min(unread + after(entry.others), MAX_UNREAD),
      mentions: Math.min(mentions + after(entry.mentions), MAX_UNREAD),
    };
    this.#invalidate(id);
  }

  #change(id: string, change: (room: Room) => Room): void {
    const entry = this.#rooms.get(id);
    if (!entry) return;
    entry.room = change(entry.room);
    this.#invalidate(id);
  }

  #invalidate(id: string): void {
    this.list.invalidate();
    this.#changed(id);
  }
}

/** Keeps the object that is there already if it says the same: messages that are shown with it needn't be shown again. */
function withSameAbilities(room: Room, known: RoomAbilities | undefined): Room {
  return known && JSON.stringify(known) === JSON.stringify(room.can) ? { ...room, can: known } : room;
}

function changes({ room, snapshotHead }: Entry, event: RoomEvent, me: string): Partial<Room> {
  switch (event.type) {
    case 'message.created':
      if (event.actor.id === me || event.seq <= snapshotHead) return { activeAt: event.at };
      return {
        activeAt: event.at,
        unread: Math.min((room.unread ?? 0) + 1, MAX_UNREAD),
        ...(isMentioned(event, me) && { mentions: Math.min((room.mentions ?? 0) + 1, MAX_UNREAD) }),
      };
    case 'room.updated':
      return {
        ...(event.name !== undefined && { name: event.name }),
        ...(event.topic !== undefined && { topic: event.topic }),
      };
    case 'member.joined':
      return event.user.id === me ? { role: event.role } : { members: room.members + 1 };
    case 'member.left':
      return event.user.id === me ? {} : { members: room.members - 1 };
    case 'member.updated':
      return { ...renamedPeer(room, event.user), ...(event.user.id === me && event.role && { role: event.role }) };
    default:
      return {};
  }
}

/** A deleted message is no longer unread. The server's event for it comes once, so it was counted if it was unread. */
function uncount(entry: Entry, { seq, messageId, messageSeq, author }: Deleted, me: string): void {
  const { room, snapshotHead } = entry;
  const isUnread = author !== me && messageSeq > (room.read ?? 0);
  const wasMention = entry.mentions.some(({ id }) => id === messageId);
  const isAnother = ({ id }: Counted) => id !== messageId;
  entry.others = entry.others.filter(isAnother);
  entry.mentions = entry.mentions.filter(isAnother);
  if (!isUnread || seq <= snapshotHead) return;
  entry.room = {
    ...room,
    ...(room.unread !== undefined && { unread: oneLess(room.unread) }),
    ...(room.mentions !== undefined && wasMention && { mentions: oneLess(room.mentions) }),
  };
}

/** At the limit there may be more than are counted. */
function oneLess(count: number): number {
  return count < MAX_UNREAD ? Math.max(0, count - 1) : count;
}

function renamedPeer(room: Room, user: UserRef): Partial<Room> {
  return room.peer?.id === user.id ? { peer: user } : {};
}

function isMentioned({ message }: Extract<RoomEvent, { type: 'message.created' }>, me: string): boolean {
  return message.mentions?.includes(me) === true;
}

/** The number of unread messages after a seq: exact after the snapshot, at most an upper bound before it. */
function countsAfter({ room, snapshotHead, others, mentions }: Entry, seq: number): Pick<Room, 'unread' | 'mentions'> {
  if (seq >= room.head) return { unread: 0, mentions: 0 };
  const after = (messages: readonly Counted[]) => messages.filter((message) => message.seq > seq).length;
  if (seq >= snapshotHead) return { unread: after(others), mentions: after(mentions) };
  const most = (count: number | undefined) => Math.min(count ?? 0, room.head - seq);
  return { unread: most(room.unread), mentions: most(room.mentions) };
}
