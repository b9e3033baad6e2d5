import type { UserRef } from '@madang/protocol';
import { findDefaultRooms } from '../store/queries/rooms.js';
import type { Store } from '../store/store.js';
import { newEvent } from './projections.js';
import type { RoomLog } from './room-log.js';

/** The first room. */
const LOBBY = 'lobby';

/** Who caused what nobody did. */
const SYSTEM: UserRef = { id: 'madang', name: 'Madang' };

/** The rooms that new users are in without having done anything. */
export class DefaultRooms {
  readonly #store: Store;
  readonly #log: RoomLog;
  readonly #lobby: boolean;
  readonly #named: readonly string[];

  /** `lobby`: whether there is one. `named`: public rooms by their ids or names; what isn't there yet is passed over. */
  constructor(parts: { store: Store; log: RoomLog; lobby: boolean; named: readonly string[] }) {
    this.#store = parts.store;
    this.#log = parts.log;
    this.#lobby = parts.lobby;
    this.#named = parts.named;
  }

  /** Makes the lobby where there is to be one and is none. */
  async ensureLobby(): Promise<void> {
    if (!this.#lobby) return;
    const room = {
      kind: 'public',
      name: LOBBY,
      topic: '',
      creator: null,
      clientId: null,
      uniqueKey: `name:${LOBBY}`,
    } as const;
    await this.#log.append({ room: LOBBY, actor: SYSTEM, events: [newEvent.roomCreated(room)] });
  }

  /** Those of the named rooms that are not there yet, or not public. */
  async missing(): Promise<string[]> {
    const there = await this.#findNamed();
    return this.#named.filter((named) => !there.some(({ id, name }) => named === id || named === name));
  }

  /** Lets a new user in. */
  async join(user: UserRef): Promise<void> {
    const named = (await this.#findNamed()).map(({ id }) => id);
    for (const room of new Set([...(this.#lobby ? [LOBBY] : []), ...named])) {
      await this.#log.append({ room, actor: user, events: [newEvent.memberJoined(user, 'member')] });
    }
  }

  async #findNamed(): Promise<{ id: string; name: string }[]> {
    return this.#named.length > 0 ? findDefaultRooms(this.#store.read, this.#named) : [];
  }
}
