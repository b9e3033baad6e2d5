import type { ErrorObject } from '@madang/protocol';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { CloseReason, Connection } from '../fanout/connection.js';
import type { Encoded } from '../fanout/wire-format.js';
import type { Session } from '../identity/actor.js';
import type { Calling } from './calls.js';
import { closeCodes } from './close-codes.js';
import { nextConnectionId } from './connection-id.js';
import type { FramedFormat } from './framed-format.js';
import { SocketWriter } from './socket-writer.js';
import { boundFrames, sessionless } from './sessionless.js';
import type { WebSocketHost } from './websocket-server.js';

/**
 * A connection over a plain WebSocket, for the `/ws` and line transports; it is the caller of what comes over it. Frames that
 * are ready go straight to the socket: `ws` writes only its control frames, which are never compressed, and at once, so the
 * order holds. Everything here is kept for each of many thousand idle connections: no closures, and no request.
 */
export class WebSocketConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly format: FramedFormat;
  readonly address: string;
  /** Why its handshake brought no session, where a rule is the reason. */
  refusal: ErrorObject | undefined;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  /** Whether the last ping has not been answered. */
  isSilent = false;
  /** Its part of those who are asked together; see `Heartbeats`. */
  part = 0;
  /** Resolves when the handshake's session is let in; undefined from then on. */
  greeting: Promise<void> | undefined;
  readonly #host: WebSocketHost;
  readonly #webSocket: WebSocket;
  readonly #writer: SocketWriter;
  #session: Session | undefined;
  /** What goes in one write when the turn ends: frames that are ready, then texts. */
  #turn: { frames: Buffer[]; texts: string[] } | undefined;

  constructor(
    host: WebSocketHost,
    place: { format: FramedFormat; address: string },
    webSocket: WebSocket,
    socket: Duplex,
  ) {
    this.#host = host;
    this.format = place.format;
    this.address = place.address;
    this.#webSocket = webSocket;
    this.#writer = new SocketWriter(socket, this);
    this.session = undefined;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Without one, only small frames are taken. */
  set session(session: Session | undefined) {
    this.#session = session;
    boundFrames(this.#webSocket, session ? this.#host.maxFrameBytes : sessionless.frameBytes);
  }

  get connection(): this {
    return this;
  }

  get transport(): string {
    return this.#host.transport.name;
  }

  write(encoded: Encoded): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN || encoded.length === 0) return;
    if (isTexts(encoded)) for (const text of encoded) this.send(text);
    // Who waits for an answer most likely gets it in this turn.
    else if (this.callsInFlight > 0 || this.#turn) this.#joined().frames.push(encoded);
    else this.#writer.write(encoded);
  }

  /** Sends a text to this connection alone, in one write with all else of this turn. */
  send(text: string): void {
    this.#joined().texts.push(text);
  }

  /** Writes what the turn has joined. */
  endTurn(): void {
    if (!this.#turn) return;
    const { frames, texts } = this.#turn;
    this.#turn = undefined;
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (texts.length > 0) frames.push(this.format.frames(texts));
    this.#writer.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
    // Who asks but does not read is cut off.
    const most = this.#session ? this.#host.maxAnswerBytes : sessionless.answerBytes;
    if (texts.length > 0 && this.queuedBytes() > most) this.close('too_slow');
  }

  queuedBytes(): number {
    return this.#writer.waitingBytes;
  }

  drained(): void {
    this.#host.drained(this);
  }

  /** Asks whether the client is there; one that has not answered the last time is cut off. */
  ping(): void {
    if (this.isSilent) return this.#webSocket.terminate();
    this.isSilent = true;
    if (this.#host.transport.ping) this.#host.transport.ping(this);
    else this.#webSocket.ping();
  }

  /** Closes for what the client did against the protocol. */
  end(): void {
    this.endTurn();
    this.#webSocket.close(1002, 'protocol error');
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  /** `words` say more than the reason does, to a person who looks for a fault. */
  close(reason: CloseReason, words?: string): void {
    if (reason === 'session_ended' || reason === 'unauthenticated') this.#host.transport.ending?.(this);
    this.endTurn();
    const { code, reason: standard } = closeCodes[reason];
    this.#webSocket.close(code, words === undefined ? standard : closeWords(words));
  }

  #joined(): { frames: Buffer[]; texts: string[] } {
    if (this.#turn) return this.#turn;
    process.nextTick(endTurn, this);
    return (this.#turn = { frames: [], texts: [] });
  }
}

/** A close frame has room for 123 bytes (RFC 6455, 5.5); what is not ASCII in our words came from the client. */
function closeWords(words: string): string {
  return words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123);
}

/** Asked for each delivery: cheaper than what Buffer offers. */
function isTexts(encoded: Encoded): encoded is readonly string[] {
  return Array.isArray(encoded);
}

function endTurn(connection: WebSocketConnection): void {
  connection.endTurn();
}
