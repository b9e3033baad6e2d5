import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * The one place that reaches into Node's sockets. A write through the stream costs its bookkeeping, a Node object and a
 * tick; since a delivery is one write, all members of a room pay that for every message. If nothing waits in the
 * stream, the bytes go to the stream's handle, in the way the stream itself would pass them. What the kernel doesn't
 * accept at once takes the ordinary path, and so does everything if Node's inside isn't as this file expects.
 */

/** Node's major versions that this file has been tested with. */
const KNOWN_NODES = new Set(['20', '22', '24']);

/**
 * What Node's streams pass to a handle with a write. It is used only if the kernel doesn't accept everything at once.
 */
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  writer?: SocketWriter;
  /** Kept from the garbage collector during the write. */
  bytes?: Buffer;
}

/** On a closed handle, `writeBuffer` returns an error. */
interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that the kernel has not accepted yet. */
  readonly writeQueueSize: number;
}

/** Node's own access to its handles. */
interface Binding {
  WriteWrap: new () => object;
  /** The result of the last write of any handle. */
  streamBaseState: Int32Array;
  kLastWriteWasAsync: number;
}

/** What a stream has yet to pass to its handle. */
interface Inside {
  _handle?: Handle | null;
  _writableState?: { readonly length: number; readonly corked: number; readonly ending: boolean };
}

const NOTHING = Buffer.alloc(0);

const binding = bindingOf();
let spare = binding && newRequest(binding);

/** Called when everything that waited has been accepted. */
interface Owner {
  drained(): void;
}

/** Writes to a socket. */
export class SocketWriter {
  readonly #socket: Duplex;
  readonly #owner: Owner;
  /**
   * The socket's handle, if its shape is known. Kept, because finding it costs about as much as everything else here.
   */
  readonly #handle: Handle | undefined;
  readonly #stream: Inside['_writableState'];
  /** Bytes of a direct write that the kernel has not accepted yet. */
  #waiting = 0;
  /** Whether this listens to the socket; an idle one needs no listener. */
  #isWatched = false;

  constructor(socket: Duplex, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    if (!binding || Object.getPrototypeOf(socket) !== Socket.prototype) return;
    const { _handle, _writableState } = socket as unknown as Inside;
    this.#handle = _handle ?? undefined;
    this.#stream = _writableState;
  }

  /** Bytes written that the kernel has not accepted yet. */
  get waitingBytes(): number {
    return this.#waiting + (this.#stream?.length ?? this.#socket.writableLength);
  }

  /** Writes bytes after everything written to the socket before. Does nothing if it is closed. */
  write(bytes: Buffer): void {
    const handle = this.#handle;
    if (!handle || !this.#isFree() || !spare || !binding) {
      if (this.#socket.writable && !this.#socket.write(bytes)) this.#watch();
      return;
    }
    const failed = handle.writeBuffer(spare, bytes) !== 0;
    if (failed) this.#socket.destroy();
    else if (binding.streamBaseState[binding.kLastWriteWasAsync]) {
      this.#watch();
      this.#waiting = handle.writeQueueSize;
      Object.assign(spare, { writer: this, bytes });
      spare = newRequest(binding);
    }
  }

  /** The kernel has accepted a direct write, or never will. */
  taken(status: number): void {
    this.#waiting = 0;
    const socket = this.#socket;
    if (status < 0) socket.destroy();
    else if (socket.writableLength === 0) socket.emit('drain');
    // The stream does not report when the little that came after has gone as well.
    else socket.write(NOTHING, () => socket.emit('drain'));
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#socket.on('drain', () => this.#owner.drained());
  }

  /** Whether the stream holds nothing that would have to go first. */
  #isFree(): boolean {
    const stream = this.#stream;
    return this.#waiting === 0 && stream?.length === 0 && stream.corked === 0 && !stream.ending;
  }
}

function newRequest({ WriteWrap }: Binding): WriteRequest {
  return Object.assign(new WriteWrap(), {
    oncomplete(this: WriteRequest, status: number) {
      this.writer?.taken(status);
    },
  });
}

function bindingOf(): Binding | undefined {
  if (!KNOWN_NODES.has(process.versions.node.split('.')[0] ?? '')) return undefined;
  try {
    const inside = process as unknown as { binding(name: string): Partial<Binding> };
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = inside.binding('stream_wrap');
    const isKnown = WriteWrap && streamBaseState && kLastWriteWasAsync !== undefined;
    return isKnown ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined;
  } catch {
    return undefined;
  }
}
