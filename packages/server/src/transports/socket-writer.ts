import type { Duplex } from 'node:stream';
import type { Handle, Internals, StreamBinding, StreamState, WriteRequest } from './internals.js';

/**
 * Writes to a socket, bypassing Node's stream. A write through the stream costs its bookkeeping: a request object and a
 * tick for each. A delivery is one write per member and message, so that adds up. While the stream holds nothing, the
 * bytes go directly to its handle, as the stream itself would pass them. All other writes go through the stream, as does
 * everything if Node's internals are not the expected ones ({@link Internals.socket}).
 */

/** A write that the kernel has not taken completely. */
interface PendingWrite extends WriteRequest {
  writer?: SocketWriter;
  /** Referenced here so that it isn't garbage-collected before the write is done. */
  bytes?: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The request for the next write. Most writes complete at once and leave it unused. */
let spare: PendingWrite | undefined;

/** Is told when the kernel has taken everything that waited. */
interface Owner {
  drained(): void;
}

/** Writes to a socket. */
export class SocketWriter {
  readonly #socket: Duplex;
  readonly #owner: Owner;
  /** The socket's internals, looked up once: the lookup costs about as much as the rest of a write. */
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
    const known = internals.socket(socket);
    this.#handle = known?.handle;
    this.#stream = known?.stream;
    this.#binding = known?.binding;
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
    if (status < 0) this.#socket.destroy();
    else this.#reportDrained();
  }

  /** The stream does not report when the little that came after a direct write, or after that again, has gone as well. */
  #reportDrained(): void {
    const socket = this.#socket;
    if (socket.writableLength === 0) socket.emit('drain');
    else socket.write(NOTHING, (error) => void (error ?? this.#reportDrained()));
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
