import { isCommandName } from '@madang/protocol';
import type { Socket as EngineSocket } from 'engine.io';
import type { Socket } from 'socket.io';

/** A call as it came: `emit(name, input, ack)`; `id` is where its answer goes, undefined without an `ack`. */
export interface PlainCall {
  id: number | undefined;
  name: string;
  input: unknown;
}

/** Where a client's messages go. */
interface Receiver {
  socket: Socket;
  take: (call: PlainCall) => void;
  /** Takes what is no plain call. */
  ordinary: (data: unknown) => void;
}

/** Where a socket's receiver is found, so that one listener serves all sockets. */
const RECEIVER = Symbol('receiver');

const ZERO = 0x30;
const NINE = 0x39;
const BRACKET = 0x5b;

/**
 * Reads plain calls from Engine.IO's messages before Socket.IO does: its parser, its packets and its acknowledgements
 * cost more than all the rest of a send. Everything that is no call of a known name in the namespace `/` goes on to
 * Socket.IO as it came; all of it does when Socket.IO does not listen in the way that this file knows.
 */
export function takePlainCalls(socket: Socket, take: Receiver['take']): void {
  const engine = socket.conn as EngineSocket & { [RECEIVER]?: Receiver };
  const listeners = engine.listeners('data') as Receiver['ordinary'][];
  const ordinary = engine[RECEIVER]?.ordinary ?? listeners[0];
  if (!ordinary || listeners.length > 1 || socket.nsp.name !== '/') return;
  engine[RECEIVER] = { socket, take, ordinary };
  engine.off('data', ordinary);
  if (listeners[0] !== receive) engine.on('data', receive);
}

function receive(this: { [RECEIVER]: Receiver }, data: unknown): void {
  const { socket, take, ordinary } = this[RECEIVER];
  const call = socket.connected && typeof data === 'string' ? plainCallOf(data) : undefined;
  if (call) take(call);
  else ordinary(data);
}

/** Reads an EVENT packet (2) with an id or without: `2["name",input]`, `217["name",input]`. */
function plainCallOf(packet: string): PlainCall | undefined {
  if (!packet.startsWith('2')) return undefined;
  let end = 1;
  let id = 0;
  for (let code = packet.charCodeAt(end); code >= ZERO && code <= NINE; code = packet.charCodeAt(end)) {
    id = id * 10 + code - ZERO;
    end += 1;
  }
  if (packet.charCodeAt(end) !== BRACKET || id > Number.MAX_SAFE_INTEGER) return undefined;
  try {
    const [name, input] = JSON.parse(packet.slice(end)) as unknown[];
    return isCommandName(name) ? { id: end > 1 ? id : undefined, name, input } : undefined;
  } catch {
    return undefined;
  }
}
