import type { RoomKind } from '@madang/protocol';
import type { Append, AppendResult, RoomAccess } from '../store.js';

/** When it has learnt so many answers, it forgets them all. */
const MAX_KEPT = 100_000;

interface Room {
  kind: RoomKind;
  head: number;
  logStart: number;
  blocked: number;
  roles: Map<string, RoomAccess['role']>;
}

/**
 * What users are in rooms, in memory: asked at each send, and changed seldom. It follows what this process commits, which
 * with SQLite is all there is.
 */
export class AccessCache {
  readonly #rooms = new Map<string, Room>();
  #kept = 0;

  /** What was kept; undefined if that isn't known. */
  get(room: string, user: string): RoomAccess | undefined {
    const known = this.#rooms.get(room);
    const role = known?.roles.get(user);
    if (!known || role === undefined) return undefined;
    const { kind, head, logStart, blocked } = known;
    return { room, kind, head, logStart, blocked, role };
  }

  /** Keeps what was read. */
  keep({ room, kind, head, logStart, blocked, role }: RoomAccess, user: string): void {
    if (this.#kept === MAX_KEPT) this.clear();
    this.#kept += 1;
    const known = this.#rooms.get(room);
    if (known) known.roles.set(user, role);
    else this.#rooms.set(room, { kind, head, logStart, blocked, roles: new Map([[user, role]]) });
  }

  /** Follows a commit before its appends are answered: messages move the head on, anything else may change who is what. */
  follow(batch: readonly Append[], results: readonly AppendResult[]): void {
    for (const [index, { room, events }] of batch.entries()) {
      const result = results[index];
      const known = this.#rooms.get(room);
      if (!known || result?.status !== 'appended') continue;
      if (events.every(({ name }) => name.startsWith('message.'))) known.head = Math.max(known.head, ...result.seqs);
      else this.#rooms.delete(room);
    }
  }

  /** Forgets a room. */
  forget(room: string): void {
    this.#rooms.delete(room);
  }

  /** Forgets all. */
  clear(): void {
    this.#rooms.clear();
    this.#kept = 0;
  }
}
