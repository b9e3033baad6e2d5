import type { UserRef } from '@madang/protocol';
import type { Logger } from '../logger.js';
import { findDefaultRooms } from '../store/queries/rooms.js';
import type { Store } from '../store/store.js';
import { newEvent } from './projections.js';
import type { RoomLog } from './room-log.js';

/** The first room. */
const LOBBY = 'lobby';

/** The actor of events that no user caused. */
const SYSTEM: UserRef = { id: 'madang', name: 'Madang' };

interface DefaultRoomsParts {
  store: Store;
  log: RoomLog;
  logger: Logger;
  /** Whether there is a lobby. */
  lobby: boolean;
  /** Public rooms by their ids or names. Rooms that don't exist yet are passed over. */
  named: readonly string[];
}

/** The rooms that every new user joins automatically. */
export class DefaultRooms {
  readonly #store: Store;
  readonly #log: RoomLog;
  readonly #lobby: boolean;
  readonly #named: readonly string[];

  private constructor({ store, log, lobby, named }: DefaultRoomsParts) {
    this.#store = store;
    this.#log = log;
    this.#lobby = lobby;
    this.#named = named;
  }

  /** Creates the lobby if it is wanted and missing, and warns of named rooms that can't be joined. */
  static async open(parts: DefaultRoomsParts): Promise<DefaultRooms> {
    const rooms = new DefaultRooms(parts);
    if (parts.lobby) await rooms.#ensureLobby();
    const there = await rooms.#findNamed();
    const missing = parts.named.filter((named) => !there.some(({ id, name }) => named === id || named === name));
    if (missing.length > 0) {
      parts.logger.warn({ missing }, 'a default room does not exist or is not public: nobody is put into it');
    }
    return rooms;
  }

  /** Adds a new user to them. */
  async join(user: UserRef): Promise<void> {
    const named = (await this.#findNamed()).map(({ id }) => id);
    for (const room of new Set([...(this.#lobby ? [LOBBY] : []), ...named])) {
      await this.#log.append({ room, actor: user, events: [newEvent.memberJoined(user, 'member')] });
    }
  }

  async #findNamed(): Promise<{ id: string; name: string }[]> {
    return this.#named.length > 0 ? findDefaultRooms(this.#store.read, this.#named) : [];
  }

  async #ensureLobby(): Promise<void> {
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
}
