import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { CloseReason } from '../fanout/connection.js';
import { type Encoded, isPackets } from '../fanout/wire-format.js';
import { closeCodes } from './close-codes.js';
import type { FramedFormat } from './framed-format.js';
import { boundFrames, sessionless } from './sessionless.js';
import { SocketConnection } from './socket-connection.js';
import { SocketWriter } from './socket-writer.js';
import type { WebSocketHost } from './websocket-server.js';

/**
 * A connection over a plain WebSocket, for the `/ws` and line transports and for Socket.IO without polling. Ready frames
 * go straight to the socket. That keeps the order, because `ws` itself only writes control frames, uncompressed and
 * immediately.
 */
export class WebSocketConnection extends SocketConnection {
  readonly format: FramedFormat;
  /** Whether the last ping is unanswered. */
  isSilent = false;
  /** Its part of the connections that are pinged together; see `Heartbeats`. */
  part = 0;
  readonly #host: WebSocketHost;
  readonly #webSocket: WebSocket;
  readonly #writer: SocketWriter;

  constructor(
    host: WebSocketHost,
    { format, address }: { format: FramedFormat; address: string },
    webSocket: WebSocket,
    socket: Duplex,
  ) {
    super(address);
    this.#host = host;
    this.format = format;
    this.#webSocket = webSocket;
    this.#writer = new SocketWriter(socket, this, host.internals);
    this.boundInput();
  }

  get transport(): string {
    return this.#host.transport.name;
  }

  write(encoded: Encoded): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN || encoded.length === 0) return;
    if (isPackets(encoded)) for (const text of encoded) this.send(text);
    else if (this.joinsTurn) this.join(encoded);
    else this.#writer.write(encoded);
  }

  queuedBytes(): number {
    return this.#writer.waitingBytes;
  }

  drained(): void {
    this.#host.drained(this);
  }

  /** Pings the client; disconnects one that has not answered the last ping. */
  ping(): void {
    if (this.isSilent) return this.#webSocket.terminate();
    this.isSilent = true;
    if (this.#host.transport.ping) this.#host.transport.ping(this);
    else this.#webSocket.ping();
  }

  end(): void {
    this.endTurn();
    this.#webSocket.close(1002, 'protocol error');
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  /** `words` tell a person more than the reason does. */
  close(reason: CloseReason, words?: string): void {
    if (reason === 'session_ended' || reason === 'unauthenticated') this.#host.transport.ending?.(this);
    this.endTurn();
    const { code, reason: standard } = closeCodes[reason];
    this.#webSocket.close(code, words === undefined ? standard : closeWords(words));
  }

  protected get maxAnswerBytes(): number {
    return this.#host.maxAnswerBytes;
  }

  protected boundInput(): void {
    const { internals, maxFrameBytes } = this.#host;
    boundFrames(this.#webSocket, this.session ? maxFrameBytes : sessionless.frameBytes, internals);
  }

  protected writeTurn(frames: Buffer[], texts: readonly string[]): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const [first] = frames;
    this.#writer.write(first && frames.length === 1 && texts.length === 0 ? first : this.format.frames(texts, frames));
  }
}

/** A close frame holds 123 bytes (RFC 6455, 5.5). Anything in our words that is not ASCII came from the client. */
function closeWords(words: string): string {
  return words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123);
}
