import type { LoggedEvent, Room, UserRef } from '@madang/protocol';
import { Derived } from './observable.js';

/** `unread` is counted to this many, as the server does. */
const MAX_UNREAD = 100;

interface Entry {
  room: Room;
  /** The head that the room's snapshot had: events up to it are in the snapshot. */
  snapshotHead: number;
  /** Seqs of others' messages since the snapshot, the newest {@link MAX_UNREAD}. */
  others: readonly number[];
}

/** The caller's rooms, kept up to date by their events; `list` leaves out those that the caller has hidden. */
export class Rooms {
  readonly list = new Derived<readonly Room[]>(() =>
    Array.from(this.#rooms.values(), ({ room }) => room).filter(({ hidden }) => !hidden),
  );
  readonly #rooms = new Map<string, Entry>();
  readonly #changed: (id: string) => void;

  /** `changed` is told which room has changed. */
  constructor(changed: (id: string) => void) {
    this.#changed = changed;
  }

  get(id: string): Room | undefined {
    return this.#rooms.get(id)?.room;
  }

  /** Takes a room as the server has just told it; one that is older than what is here is not taken. */
  put(room: Room): void {
    const known = this.#rooms.get(room.id);
    if (known && known.room.head > room.head) return;
    this.#rooms.set(room.id, { room, snapshotHead: room.head, others: [] });
    // What was read here, but is not told to the server yet, stays read.
    if (known?.room.read !== undefined) this.read(room.id, known.room.read);
    this.#invalidate(room.id);
  }

  remove(id: string): void {
    if (this.#rooms.delete(id)) this.#invalidate(id);
  }

  /** Forgets all: they are of another history, or another user. */
  clear(): void {
    this.#rooms.clear();
    this.list.invalidate();
  }

  /** Takes an event in. Events that the snapshot holds already change nothing. */
  apply(event: LoggedEvent, me: string): void {
    const entry = this.#rooms.get(event.room);
    if (!entry || event.seq <= entry.room.head) return;
    const { others } = entry;
    if (event.type === 'message.created' && event.actor.id !== me) {
      entry.others = [...others, event.seq].slice(-MAX_UNREAD);
    }
    // A message brings a hidden room back.
    if (event.type === 'message.created' && entry.room.hidden) this.setHidden(event.room, false);
    entry.room = { ...entry.room, ...changes(entry.room, event, me), head: event.seq };
    this.#invalidate(event.room);
  }

  /** The caller has hidden a direct room, or opened it again. */
  setHidden(id: string, isHidden: boolean): void {
    this.#change(id, ({ hidden: _hidden, ...room }) => (isHidden ? { ...room, hidden: true } : room));
  }

  /** The caller has blocked somebody, or ended that. */
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
    entry.room = { ...entry.room, read: seq, unread: unreadAfter(entry, seq) };
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

function changes(room: Room, event: LoggedEvent, me: string): Partial<Room> {
  switch (event.type) {
    case 'message.created':
      return event.actor.id === me ? {} : { unread: Math.min((room.unread ?? 0) + 1, MAX_UNREAD) };
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

function renamedPeer(room: Room, user: UserRef): Partial<Room> {
  return room.peer?.id === user.id ? { peer: user } : {};
}

/** How many are unread after a seq: exact from the snapshot on, at most so many before it. */
function unreadAfter({ room, snapshotHead, others }: Entry, seq: number): number {
  if (seq >= room.head) return 0;
  if (seq >= snapshotHead) return others.filter((each) => each > seq).length;
  return Math.min(room.unread ?? 0, room.head - seq);
}
