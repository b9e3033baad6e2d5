import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * The one place that looks inside Node's sockets. A write through the stream costs its bookkeeping, an object of Node's
 * and a tick for each; a delivery is one write, so all that is paid for every member of a room and every message. When
 * nothing waits in the stream, the bytes go to the stream's handle, as the stream itself would give them. What the
 * kernel doesn't take at once, and all else, goes the ordinary way; everything does when Node's inside isn't what this
 * file knows.
 */

/** Node's major versions whose inside this file was tried with. */
const KNOWN_NODES = new Set(['20', '22', '24']);

/** What Node's streams hand to a handle with a write; it is used only if the kernel doesn't take all at once. */
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  socket?: Inside;
  /** Kept from the garbage collector while the write is on its way. */
  bytes?: Buffer;
}

interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** Bytes of a direct write that the kernel has not taken yet, if any. */
const WAITING = Symbol('waiting');

const NOTHING = Buffer.alloc(0);

type Inside = Socket & { _handle?: Handle | null; [WAITING]?: number };

const RequestClass = requestClass();
let spare = RequestClass && newRequest(RequestClass);

/** Writes bytes to a socket, after all that was written to it before. */
export function writeDirectly(socket: Duplex, bytes: Buffer): void {
  const handle = freeHandle(socket);
  if (!handle || !spare || !RequestClass) {
    socket.write(bytes);
    return;
  }
  const failed = handle.writeBuffer(spare, bytes) !== 0;
  if (failed) socket.destroy();
  else if (handle.writeQueueSize > 0) {
    (socket as Inside)[WAITING] = handle.writeQueueSize;
    Object.assign(spare, { socket, bytes });
    spare = newRequest(RequestClass);
  }
}

/** Bytes written to a socket that the kernel has not taken yet. */
export function waitingBytesOf(socket: Duplex): number {
  return socket.writableLength + ((socket as Inside)[WAITING] ?? 0);
}

/** The handle of a TCP socket whose stream holds nothing that would have to go before. */
function freeHandle(socket: Duplex): Handle | undefined {
  if (Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
  const inside = socket as Inside;
  const isFree = inside.writable && inside.writableLength === 0 && inside.writableCorked === 0 && !inside[WAITING];
  return isFree ? (inside._handle ?? undefined) : undefined;
}

function completed(this: WriteRequest, status: number): void {
  const { socket } = this;
  if (!socket) return;
  socket[WAITING] = 0;
  if (status < 0) socket.destroy();
  else if (socket.writableLength === 0) socket.emit('drain');
  // The stream says nothing when the little that came after has gone as well.
  else socket.write(NOTHING, () => socket.emit('drain'));
}

function newRequest(Class: new () => object): WriteRequest {
  return Object.assign(new Class(), { oncomplete: completed });
}

function requestClass(): (new () => object) | undefined {
  if (!KNOWN_NODES.has(process.versions.node.split('.')[0] ?? '')) return undefined;
  try {
    const inside = process as unknown as { binding(name: string): { WriteWrap?: new () => object } };
    return inside.binding('stream_wrap').WriteWrap;
  } catch {
    return undefined;
  }
}
