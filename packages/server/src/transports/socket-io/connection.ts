import type { ErrorObject } from '@madang/protocol';
import type { Socket as EngineSocket } from 'engine.io';
import type { ConnectionLifecycle } from '../../fanout/connection-lifecycle.js';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import type { Calling } from '../calls.js';
import { nextConnectionId } from '../connection-id.js';
import type { Internals } from '../internals.js';
import { SocketWriter } from '../socket-writer.js';
import { sessionless } from '../sessionless.js';
import { textFrames } from '../text-frames.js';
import { boundTransport, directSocket, terminateTransport } from './engine-shortcuts.js';
import { socketIoFormats, socketIoPackets } from './format.js';
import { disconnectPacket } from './packets.js';

/**
 * A Socket.IO client that began with polling, the caller of what comes over it. Once it has a WebSocket, a batch is one
 * buffer of ready frames, written to the TCP socket from the moment that Engine.IO has nothing queued; until then it
 * takes its place in Engine.IO's queue (`wsPreEncodedFrame`), after the packets that were there before. The answers of
 * one turn are one buffer too, and go in one write with the events of that turn. Where Engine.IO's inside isn't known,
 * all goes through its queue as packets.
 */
export class SocketIoConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly transport = 'socket.io';
  readonly address: string;
  /** Why its handshake led to no session, if a rule is the reason. */
  refusal: ErrorObject | undefined;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  /** Resolves when the handshake's session is let in; undefined after that. */
  greeting: Promise<void> | undefined;
  readonly #engine: EngineSocket;
  readonly #lifecycle: ConnectionLifecycle;
  readonly #maxAnswerBytes: number;
  readonly #maxFrameBytes: number;
  readonly #internals: Internals;
  #session: Session | undefined;
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  /** True once it has a WebSocket that takes ready frames. */
  #takesFrames = false;
  /**
   * The target of direct writes, once there is one. Kept, because finding it costs about as much as the JavaScript of a
   * write.
   */
  #direct: SocketWriter | undefined;
  #isClosing = false;
  /** What goes out at the end of the turn: ready-made frames, in one write, then messages. */
  #turn: { frames: Buffer[]; answers: string[] } | undefined;

  constructor(
    engine: EngineSocket,
    address: string,
    parts: {
      lifecycle: ConnectionLifecycle;
      maxAnswerBytes: number;
      maxFrameBytes: number;
      internals: Internals;
    },
  ) {
    this.#engine = engine;
    this.address = address;
    this.#lifecycle = parts.lifecycle;
    this.#maxAnswerBytes = parts.maxAnswerBytes;
    this.#maxFrameBytes = parts.maxFrameBytes;
    this.#internals = parts.internals;
    this.transportChanged();
  }

  get session(): Session | undefined {
    return this.#session;
  }

  set session(session: Session | undefined) {
    this.#session = session;
    this.#boundPackets();
  }

  /** Polling has become a WebSocket. */
  transportChanged(): void {
    this.#takesFrames = this.#internals.frames(this.#engine) !== undefined;
    this.#boundPackets();
  }

  get connection(): this {
    return this;
  }

  get format(): WireFormat {
    return this.#takesFrames ? socketIoFormats.plain : socketIoPackets;
  }

  write(encoded: Encoded): void {
    if (Buffer.isBuffer(encoded)) this.#writeFrames(encoded);
    else this.#writePackets(encoded);
  }

  queuedBytes(): number {
    return this.#queued + (this.#direct?.waitingBytes ?? 0);
  }

  /** Sends an Engine.IO message to this connection alone, at the end of the turn. */
  send(message: string): void {
    this.#joined().answers.push(message);
  }

  /** Writes what the turn has collected. */
  endTurn(): void {
    if (!this.#turn) return;
    const { frames, answers } = this.#turn;
    this.#turn = undefined;
    const writer = this.#writer();
    if (writer) {
      if (answers.length > 0) frames.push(textFrames(answers));
      writer.write(Buffer.concat(frames));
    } else {
      for (const each of frames) this.#queueFrames(each);
      for (const message of answers) {
        this.#engine.write(message.slice(1), { compress: false }, this.#counted(message.length));
      }
    }
    // A client that asks but does not read is disconnected.
    const most = this.#session ? this.#maxAnswerBytes : sessionless.answerBytes;
    if (answers.length > 0 && this.queuedBytes() > most) this.close('too_slow');
  }

  drained(): void {
    this.#lifecycle.drained(this);
  }

  /** Closes because the client violated the protocol. */
  end(): void {
    this.endTurn();
    this.#isClosing = true;
    this.#engine.close();
  }

  close(reason: CloseReason): void {
    // A stock client reconnects on its own when the engine closes, and stays away when the namespace is disconnected. A
    // client that is too slow never drains, so nothing is awaited.
    if (reason === 'session_ended' || reason === 'unauthenticated') this.send(disconnectPacket);
    this.endTurn();
    this.#isClosing = true;
    this.#engine.close(reason === 'too_slow');
  }

  terminate(): void {
    this.#isClosing = true;
    terminateTransport(this.#engine, this.#internals);
  }

  #writeFrames(frames: Buffer): void {
    if (frames.length === 0) return;
    const writer = this.#writer();
    // A client with a call in flight most likely gets its answer in this turn.
    if (writer && (this.callsInFlight > 0 || this.#turn)) this.#joined().frames.push(frames);
    else if (writer) writer.write(frames);
    else this.#queueFrames(frames);
  }

  #queueFrames(frames: Buffer): void {
    // A fresh options object each time: Engine.IO writes to it.
    const options = { compress: false, wsPreEncodedFrame: [frames] } as { compress: boolean };
    this.#engine.write('', options, this.#counted(frames.length));
  }

  #writePackets(packets: readonly string[]): void {
    const taken = this.#counted(encodedBytes(packets));
    for (const [index, packet] of packets.entries()) {
      this.#engine.write(packet, { compress: false }, index === packets.length - 1 ? taken : undefined);
    }
  }

  #joined(): { frames: Buffer[]; answers: string[] } {
    if (this.#turn) return this.#turn;
    process.nextTick(endTurn, this);
    return (this.#turn = { frames: [], answers: [] });
  }

  #writer(): SocketWriter | undefined {
    if (this.#direct) return this.#isClosing ? undefined : this.#direct;
    const socket = this.#takesFrames ? directSocket(this.#engine, this.#internals) : undefined;
    if (!socket) return undefined;
    return (this.#direct = new SocketWriter(socket, this, this.#internals));
  }

  /** Without a session, only small packets are taken. */
  #boundPackets(): void {
    boundTransport(this.#engine, this.#session ? this.#maxFrameBytes : sessionless.frameBytes, this.#internals);
  }

  #counted(bytes: number): () => void {
    this.#queued += bytes;
    return () => {
      this.#queued -= bytes;
      this.drained();
    };
  }
}

function endTurn(connection: SocketIoConnection): void {
  connection.endTurn();
}
