import type { Duplex } from 'node:stream';
import type { Handle, Internals, StreamBinding, StreamState, WriteRequest } from './internals.js';

/**
 * Writes to a socket past Node's stream. A write through the stream costs its bookkeeping, an object of Node's and a tick
 * for each; a delivery is one write, so all that is paid for every member of a room and every message. When nothing waits
 * in the stream, the bytes go to the stream's handle, as the stream itself would give them. What the kernel doesn't take
 * at once, and all else, goes the ordinary way; everything does when Node's inside isn't known ({@link Internals.socket}).
 */

/** A write of which the kernel did not take all at once. */
interface PendingWrite extends WriteRequest {
  writer?: SocketWriter;
  /** Kept from the garbage collector during the write. */
  bytes?: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The next write's; most need none, so it is used again. */
let spare: PendingWrite | undefined;

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
  readonly #stream: StreamState | undefined;
  readonly #binding: StreamBinding | undefined;
  /** Bytes of a direct write that the kernel has not accepted yet. */
  #waiting = 0;
  /** Whether this listens to the socket; an idle one needs no listener. */
  #isWatched = false;

  constructor(socket: Duplex, owner: Owner, internals: Internals) {
    this.#socket = socket;
    this.#owner = owner;
    const inside = internals.socket(socket);
    this.#handle = inside?.handle;
    this.#stream = inside?.stream;
    this.#binding = inside?.binding;
  }

  /** Bytes written that the kernel has not accepted yet. */
  get waitingBytes(): number {
    return this.#waiting + (this.#stream?.length ?? this.#socket.writableLength);
  }

  /** Writes bytes after everything written to the socket before. Does nothing if it is closed. */
  write(bytes: Buffer): void {
    const handle = this.#handle;
    const binding = this.#binding;
    if (!handle || !binding || !this.#isFree()) {
      if (this.#socket.writable && !this.#socket.write(bytes)) this.#watch();
      return;
    }
    spare ??= newRequest(binding);
    const failed = handle.writeBuffer(spare, bytes) !== 0;
    if (failed) this.#socket.destroy();
    else if (binding.streamBaseState[binding.kLastWriteWasAsync]) {
      this.#watch();
      this.#waiting = handle.writeQueueSize;
      Object.assign(spare, { writer: this, bytes });
      spare = undefined;
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

function newRequest({ WriteWrap }: StreamBinding): PendingWrite {
  return Object.assign(new WriteWrap(), {
    oncomplete(this: PendingWrite, status: number) {
      this.writer?.taken(status);
    },
  });
}
