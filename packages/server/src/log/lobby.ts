import type { UserRef } from '@madang/protocol';
import { newEvent } from './projections.js';
import type { RoomLog } from './room-log.js';

/** The first room: it is there from the start, and every new user joins it. */
const LOBBY = 'lobby';

/** Who caused what nobody did. */
const SYSTEM: UserRef = { id: 'madang', name: 'Madang' };

/** Makes the lobby where there is none. */
export async function ensureLobby(log: RoomLog): Promise<void> {
  const room = {
    kind: 'public',
    name: LOBBY,
    topic: '',
    creator: null,
    clientId: null,
    uniqueKey: `name:${LOBBY}`,
  } as const;
  await log.append({ room: LOBBY, actor: SYSTEM, events: [newEvent.roomCreated(room)] });
}

/** Lets a new user into the lobby. */
export async function joinLobby(log: RoomLog, user: UserRef): Promise<void> {
  await log.append({ room: LOBBY, actor: user, events: [newEvent.memberJoined(user, 'member')] });
}
