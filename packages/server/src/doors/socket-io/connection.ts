import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Socket as EngineSocket } from 'engine.io';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import { socketIoFrames, socketIoPackets } from './format.js';
import { directSocket, takesFrames } from './raw-socket.js';

/**
 * A Socket.IO client. On the WebSocket transport a batch is one buffer of ready frames, written to the TCP socket when
 * Engine.IO has nothing queued; else it takes its place in Engine.IO's queue (`wsPreEncodedFrame`), after the acks and
 * pings that were there before.
 */
export class SocketIoConnection implements Connection {
  readonly id = randomUUID();
  readonly door = 'socket.io';
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  readonly #engine: EngineSocket;
  readonly #hooks: SocketIoHooks;
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  #direct: Socket | undefined;
  #isCorked = false;

  constructor(engine: EngineSocket, hooks: SocketIoHooks) {
    this.#engine = engine;
    this.#hooks = hooks;
  }

  get format(): WireFormat {
    return takesFrames(this.#engine) ? socketIoFrames : socketIoPackets;
  }

  write(encoded: Encoded): void {
    if (Buffer.isBuffer(encoded)) this.#writeFrames(encoded);
    else this.#writePackets(encoded);
  }

  queuedBytes(): number {
    return this.#queued + (this.#direct?.writableLength ?? 0);
  }

  /** Joins what is written in this turn, acks above all, into one write. */
  cork(): void {
    const socket = this.#isCorked ? undefined : this.#directSocket();
    if (!socket) return;
    this.#isCorked = true;
    socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      socket.uncork();
    });
  }

  close(reason: CloseReason): void {
    // A stock client comes back by itself when the engine closes, and stays away when the namespace is disconnected.
    if (reason === 'restarting' || reason === 'too_slow') this.#engine.close();
    else this.#hooks.disconnect();
  }

  #writeFrames(frames: Buffer): void {
    if (frames.length === 0) return;
    const socket = this.#directSocket();
    if (socket) {
      socket.write(frames);
      return;
    }
    // A fresh options object each time: Engine.IO writes into it.
    const options = { compress: false, wsPreEncodedFrame: [frames] } as { compress: boolean };
    this.#engine.write('', options, this.#counted(frames.length));
  }

  #writePackets(packets: readonly string[]): void {
    const taken = this.#counted(encodedBytes(packets));
    for (const [index, packet] of packets.entries()) {
      this.#engine.write(packet, { compress: false }, index === packets.length - 1 ? taken : undefined);
    }
  }

  #directSocket(): Socket | undefined {
    const socket = takesFrames(this.#engine) ? directSocket(this.#engine) : undefined;
    if (socket && socket !== this.#direct) {
      this.#direct = socket;
      socket.on('drain', this.#hooks.drained);
    }
    return socket;
  }

  #counted(bytes: number): () => void {
    this.#queued += bytes;
    return () => {
      this.#queued -= bytes;
      this.#hooks.drained();
    };
  }
}

/** What a connection tells its door. */
export interface SocketIoHooks {
  /** The network took something. */
  drained: () => void;
  /** Ends the namespace, as Socket.IO does. */
  disconnect: () => void;
}
