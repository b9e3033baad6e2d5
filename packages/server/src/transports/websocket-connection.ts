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
 * A connection over a plain WebSocket, for the `/ws` and line transports, and the caller of its calls. Ready-made
 * frames go straight to the socket. `ws` itself writes only control frames, which are never compressed and go out at
 * once, so the order holds. Everything here is kept for each of many thousand idle connections: hence no closures, and
 * no request.
 */
export class WebSocketConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly format: FramedFormat;
  readonly address: string;
  /** Why its handshake led to no session, if a rule is the reason. */
  refusal: ErrorObject | undefined;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  /** Whether the last ping is unanswered. */
  isSilent = false;
  /** Its part of the connections that are pinged together; see `Heartbeats`. */
  part = 0;
  /** Resolves when the handshake's session is let in; undefined after that. */
  greeting: Promise<void> | undefined;
  readonly #host: WebSocketHost;
  readonly #webSocket: WebSocket;
  readonly #writer: SocketWriter;
  #session: Session | undefined;
  /** What goes in one write at the end of the turn: ready-made frames, then texts. */
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
    this.#writer = new SocketWriter(socket, this, host.internals);
    this.session = undefined;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Without one, only small frames are accepted. */
  set session(session: Session | undefined) {
    this.#session = session;
    boundFrames(this.#webSocket, session ? this.#host.maxFrameBytes : sessionless.frameBytes, this.#host.internals);
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
    // A client with a call in flight most likely gets its answer in this turn.
    else if (this.callsInFlight > 0 || this.#turn) this.#joined().frames.push(encoded);
    else this.#writer.write(encoded);
  }

  /** Sends a text to this connection alone, in one write with everything else of this turn. */
  send(text: string): void {
    this.#joined().texts.push(text);
  }

  /** Writes what the turn has collected. */
  endTurn(): void {
    if (!this.#turn) return;
    const { frames, texts } = this.#turn;
    this.#turn = undefined;
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (texts.length > 0) frames.push(this.format.frames(texts));
    this.#writer.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
    // A client that asks but does not read is disconnected.
    const most = this.#session ? this.#host.maxAnswerBytes : sessionless.answerBytes;
    if (texts.length > 0 && this.queuedBytes() > most) this.close('too_slow');
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

  /** Closes because the client violated the protocol. */
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

  #joined(): { frames: Buffer[]; texts: string[] } {
    if (this.#turn) return this.#turn;
    process.nextTick(endTurn, this);
    return (this.#turn = { frames: [], texts: [] });
  }
}

/** A close frame holds 123 bytes (RFC 6455, 5.5). Anything in our words that is not ASCII came from the client. */
function closeWords(words: string): string {
  return words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123);
}

/** Runs for each delivery: cheaper than Buffer's own check. */
function isTexts(encoded: Encoded): encoded is readonly string[] {
  return Array.isArray(encoded);
}

function endTurn(connection: WebSocketConnection): void {
  connection.endTurn();
}
