import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { CloseReason, Connection } from '../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../fanout/wire-format.js';
import type { Session } from '../identity/actor.js';
import { closeCodes } from './close-codes.js';

/**
 * A connection over a plain WebSocket, for the `/ws` and line doors. Frames that are ready go straight to the socket:
 * `ws` writes its own frames at once when there is no compression, so the order holds.
 */
export class WebSocketConnection implements Connection {
  readonly id = randomUUID();
  readonly door: string;
  readonly format: WireFormat;
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  #isCorked = false;

  constructor(door: string, format: WireFormat, webSocket: WebSocket, socket: Duplex) {
    this.door = door;
    this.format = format;
    this.#webSocket = webSocket;
    this.#socket = socket;
  }

  write(encoded: Encoded): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN || encodedBytes(encoded) === 0) return;
    if (Buffer.isBuffer(encoded)) this.#socket.write(encoded);
    else for (const text of encoded) this.#webSocket.send(text);
  }

  /** Sends a text to this connection alone; texts of one turn, answers above all, are joined into one write. */
  send(text: string): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#webSocket.send(text);
  }

  queuedBytes(): number {
    return this.#socket.writableLength;
  }

  close(reason: CloseReason): void {
    const { code, reason: words } = closeCodes[reason];
    this.#webSocket.close(code, words);
  }
}
