import type { Transport, TransportHooks, TransportTarget } from './transport.js';
import { openEventStream } from './event-stream.js';
import { openJsonRpc } from './json-rpc.js';
import { openSocketIo } from './socket-io.js';

/** The kinds of raw clients: one for each transport, Socket.IO's twice. */
export const transportKinds = ['websocket', 'socket.io', 'polling', 'event-stream'] as const;

/** A kind of raw client. */
export type TransportKind = (typeof transportKinds)[number];

/** Opens a transport of a kind. Only the event stream has ids. */
export function openTransport(
  kind: TransportKind,
  target: TransportTarget,
  hooks: TransportHooks,
  heardId: (id: string) => void,
): Promise<Transport> {
  if (kind === 'websocket') return openJsonRpc(target, hooks);
  if (kind === 'event-stream') return openEventStream(target, hooks, heardId);
  return openSocketIo(kind === 'polling' ? 'polling' : 'websocket')(target, hooks);
}
