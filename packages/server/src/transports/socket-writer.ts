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
  writer?: SocketWriter;
  /** Kept from the garbage collector while the write is on its way. */
  bytes?: Buffer;
}

/** Of a closed one `writeBuffer` answers with an error. */
interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** Node's own access to its handles. */
interface Binding {
  WriteWrap: new () => object;
  /** What the last write of any handle came to. */
  streamBaseState: Int32Array;
  kLastWriteWasAsync: number;
}

/** What a stream has yet to give to its handle. */
interface Inside {
  _handle?: Handle | null;
  _writableState?: { readonly length: number; readonly corked: number; readonly ending: boolean };
}

const NOTHING = Buffer.alloc(0);

const binding = bindingOf();
let spare = binding && newRequest(binding);

/** Hears that all of what waited has been taken. */
interface Owner {
  drained(): void;
}

/** A socket, to be written to. */
export class SocketWriter {
  readonly #socket: Duplex;
  readonly #owner: Owner;
  /** The socket's inside, where it is known: looking for it costs about as much as all else here. */
  readonly #handle: Handle | undefined;
  readonly #stream: Inside['_writableState'];
  /** Bytes of a direct write that the kernel has not taken yet. */
  #waiting = 0;
  /** Whether the socket is listened to; an idle one's need not be. */
  #isWatched = false;

  constructor(socket: Duplex, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    if (!binding || Object.getPrototypeOf(socket) !== Socket.prototype) return;
    const { _handle, _writableState } = socket as unknown as Inside;
    this.#handle = _handle ?? undefined;
    this.#stream = _writableState;
  }

  /** Bytes written that the kernel has not taken yet. */
  get waitingBytes(): number {
    return this.#waiting + (this.#stream?.length ?? this.#socket.writableLength);
  }

  /** Writes bytes after all that was written to the socket before; a closed one takes nothing. */
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

  /** Hears that the kernel has taken a direct write, or never will. */
  taken(status: number): void {
    this.#waiting = 0;
    const socket = this.#socket;
    if (status < 0) socket.destroy();
    else if (socket.writableLength === 0) socket.emit('drain');
    // The stream says nothing when the little that came after has gone as well.
    else socket.write(NOTHING, () => socket.emit('drain'));
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#socket.on('drain', () => this.#owner.drained());
  }

  /** Whether the stream holds nothing that would have to go before. */
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
