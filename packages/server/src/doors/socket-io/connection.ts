import { randomUUID } from 'node:crypto';
import type { Socket as EngineSocket } from 'engine.io';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import { socketIoFrames, socketIoPackets } from './format.js';

/**
 * A Socket.IO client. On the WebSocket transport a batch is one ready buffer of frames (Engine.IO's
 * `wsPreEncodedFrame`); it goes through Engine.IO's own queue, so that it keeps its place among acks and pings.
 */
export class SocketIoConnection implements Connection {
  readonly id = randomUUID();
  readonly door = 'socket.io';
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  readonly #engine: EngineSocket;
  readonly #hooks: { drained(): void; disconnect(): void };
  #queued = 0;

  /** `drained` hears that the network took something; `disconnect` ends the namespace as Socket.IO does. */
  constructor(engine: EngineSocket, hooks: { drained(): void; disconnect(): void }) {
    this.#engine = engine;
    this.#hooks = hooks;
  }

  get format(): WireFormat {
    const { transport, upgrading } = this.#engine;
    return transport.name === 'websocket' && !upgrading ? socketIoFrames : socketIoPackets;
  }

  write(encoded: Encoded): void {
    const bytes = encodedBytes(encoded);
    if (bytes === 0) return;
    this.#queued += bytes;
    const taken = () => {
      this.#queued -= bytes;
      this.#hooks.drained();
    };
    if (Buffer.isBuffer(encoded)) {
      // A fresh options object each time: Engine.IO writes into it.
      const options = { compress: false, wsPreEncodedFrame: [encoded] } as { compress: boolean };
      this.#engine.write('', options, taken);
      return;
    }
    for (const [index, packet] of encoded.entries()) {
      this.#engine.write(packet, { compress: false }, index === encoded.length - 1 ? taken : undefined);
    }
  }

  queuedBytes(): number {
    return this.#queued;
  }

  close(reason: CloseReason): void {
    // A stock client comes back by itself when the engine closes, and stays away when the namespace is disconnected.
    if (reason === 'restarting' || reason === 'too_slow') this.#engine.close();
    else this.#hooks.disconnect();
  }
}
