import type { Door, DoorHooks, DoorTarget } from './door.js';
import { openEventStream } from './event-stream.js';
import { openJsonRpc } from './json-rpc.js';
import { openSocketIo } from './socket-io.js';

/** The kinds of raw clients: one for each door, Socket.IO's twice. */
export const doorKinds = ['websocket', 'socket.io', 'polling', 'event-stream'] as const;

/** A kind of raw client. */
export type DoorKind = (typeof doorKinds)[number];

/** Opens a door of a kind. Only the event stream has ids. */
export function openDoor(
  kind: DoorKind,
  target: DoorTarget,
  hooks: DoorHooks,
  heardId: (id: string) => void,
): Promise<Door> {
  if (kind === 'websocket') return openJsonRpc(target, hooks);
  if (kind === 'event-stream') return openEventStream(target, hooks, heardId);
  return openSocketIo(kind === 'polling' ? 'polling' : 'websocket')(target, hooks);
}
