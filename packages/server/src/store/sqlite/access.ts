import type { RoomKind } from '@madang/protocol';
import type { Append, AppendResult, RoomAccess } from '../store.js';

/** Once this many answers are cached, all are dropped. */
const MAX_KEPT = 100_000;

interface Room {
  kind: RoomKind;
  head: number;
  logStart: number;
  blocked: number;
  roles: Map<string, RoomAccess['role']>;
}

/**
 * Caches users' access to rooms: read at each send, and rarely changed. It follows this process's commits, which with
 * SQLite are the only ones.
 */
export class AccessCache {
  readonly #rooms = new Map<string, Room>();
  #kept = 0;

  /** The cached access; undefined if it isn't known. */
  get(room: string, user: string): RoomAccess | undefined {
    const known = this.#rooms.get(room);
    const role = known?.roles.get(user);
    if (!known || role === undefined) return undefined;
    const { kind, head, logStart, blocked } = known;
    return { room, kind, head, logStart, blocked, role };
  }

  /** Caches what was read. */
  keep({ room, kind, head, logStart, blocked, role }: RoomAccess, user: string): void {
    if (this.#kept === MAX_KEPT) this.clear();
    this.#kept += 1;
    const known = this.#rooms.get(room);
    if (known) known.roles.set(user, role);
    else this.#rooms.set(room, { kind, head, logStart, blocked, roles: new Map([[user, role]]) });
  }

  /**
   * Follows a commit before its appends are answered. Messages advance the head; anything else may change members and
   * roles.
   */
  follow(batch: readonly Append[], results: readonly AppendResult[]): void {
    for (const [index, { room, events }] of batch.entries()) {
      const result = results[index];
      const known = this.#rooms.get(room);
      if (!known || result?.status !== 'appended') continue;
      if (!events.every(({ name }) => name.startsWith('message.'))) this.#rooms.delete(room);
      else for (const seq of result.seqs) known.head = Math.max(known.head, seq);
    }
  }

  /** Forgets a room. */
  forget(room: string): void {
    this.#rooms.delete(room);
  }

  /** Forgets everything. */
  clear(): void {
    this.#rooms.clear();
    this.#kept = 0;
  }
}
