import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { CloseReason, Connection } from '../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../fanout/wire-format.js';
import type { Session } from '../identity/actor.js';
import type { Calling } from './calls.js';
import { closeCodes } from './close-codes.js';
import { nextConnectionId } from './connection-id.js';
import { waitingBytesOf, writeDirectly } from './direct-write.js';
import { textFrames } from './text-frames.js';
import type { WebSocketDoor } from './websocket-server.js';

/**
 * A connection over a plain WebSocket, for the `/ws` and line doors; it is the caller of what comes over it. Frames that
 * are ready go straight to the socket: `ws` writes its own frames at once when there is no compression, so the order
 * holds. Everything here is kept for each of many thousand idle connections: no closures, and no request.
 */
export class WebSocketConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly format: WireFormat;
  readonly address: string;
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  /** Whether the last ping has not been answered. */
  isSilent = false;
  /** Its part of those who are asked together; see `Heartbeats`. */
  part = 0;
  /** Resolves when the handshake's session is let in; undefined from then on. */
  greeting: Promise<void> | undefined;
  readonly #door: WebSocketDoor;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #maxAnswerBytes: number;
  /** Texts that go when the turn ends. */
  #texts: string[] | undefined;
  #isJoining = false;

  constructor(
    place: { door: WebSocketDoor; format: WireFormat; address: string },
    webSocket: WebSocket,
    socket: Duplex,
    maxAnswerBytes: number,
  ) {
    this.#door = place.door;
    this.format = place.format;
    this.address = place.address;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  get connection(): this {
    return this;
  }

  get door(): string {
    return this.#door.name;
  }

  write(encoded: Encoded): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN || encodedBytes(encoded) === 0) return;
    if (Buffer.isBuffer(encoded)) {
      // Who waits for an answer most likely gets it in this turn.
      if (this.callsInFlight > 0) this.#join();
      writeDirectly(this.#socket, encoded);
    } else for (const text of encoded) this.send(text);
  }

  /** Sends a text to this connection alone, in one write with all else of this turn. */
  send(text: string): void {
    (this.#texts ??= []).push(text);
    this.#join();
  }

  /** Writes what the turn has joined. */
  endTurn(): void {
    this.#isJoining = false;
    const texts = this.#texts;
    this.#texts = undefined;
    if (texts && this.#webSocket.readyState === WebSocket.OPEN) this.#socket.write(textFrames(texts));
    this.#socket.uncork();
    // Who asks but does not read is cut off.
    if (texts && this.queuedBytes() > this.#maxAnswerBytes) this.close('too_slow');
  }

  queuedBytes(): number {
    return waitingBytesOf(this.#socket);
  }

  /** Asks whether the client is there; one that has not answered the last time is cut off. */
  ping(): void {
    if (this.isSilent) return this.#webSocket.terminate();
    this.isSilent = true;
    if (this.#door.ping) this.#door.ping(this);
    else this.#webSocket.ping();
  }

  /** Closes for what the client did against the protocol. */
  end(): void {
    if (this.#isJoining) this.endTurn();
    this.#webSocket.close(1002, 'protocol error');
  }

  /** Closes without a word. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  close(reason: CloseReason): void {
    if (reason === 'session_ended' || reason === 'unauthenticated') this.#door.ending?.(this);
    if (this.#isJoining) this.endTurn();
    const { code, reason: words } = closeCodes[reason];
    this.#webSocket.close(code, words);
  }

  #join(): void {
    if (this.#isJoining) return;
    this.#isJoining = true;
    this.#socket.cork();
    process.nextTick(endTurn, this);
  }
}

function endTurn(connection: WebSocketConnection): void {
  connection.endTurn();
}
