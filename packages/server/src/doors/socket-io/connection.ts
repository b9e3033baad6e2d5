import type { Socket as EngineSocket } from 'engine.io';
import type { Socket as TcpSocket } from 'node:net';
import type { Attendance } from '../../fanout/attendance.js';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import type { Calling } from '../calls.js';
import { nextConnectionId } from '../connection-id.js';
import { waitingBytesOf, writeDirectly } from '../direct-write.js';
import { textFrames } from '../text-frames.js';
import { socketIoFrames, socketIoPackets } from './format.js';
import { disconnectPacket } from './packets.js';
import { directSocket, takesFrames, waitingBytes } from './raw-socket.js';

/**
 * A Socket.IO client that began with polling, the caller of what comes over it. Once it has a WebSocket, a batch is one buffer of ready frames,
 * written to the TCP socket from the moment that Engine.IO has nothing queued; until then it takes its place in
 * Engine.IO's queue (`wsPreEncodedFrame`), after the packets that were there before. The answers of one turn are one
 * buffer too, and go in one write with the events of that turn.
 */
export class SocketIoConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly door = 'socket.io';
  readonly address: string;
  session: Session | undefined;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  /** Resolves when the handshake's session is let in; undefined from then on. */
  greeting: Promise<void> | undefined;
  readonly #engine: EngineSocket;
  readonly #attendance: Attendance;
  readonly #maxAnswerBytes: number;
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  /** What is written to directly, for good: kept, as looking for it costs about as much as a write's JavaScript. */
  #direct: TcpSocket | undefined;
  #isClosing = false;
  /** Messages that go when the turn ends. */
  #answers: string[] | undefined;
  /** What holds back its writes until the turn ends, if the turn has written. */
  #corked: TcpSocket | undefined;
  #isJoining = false;

  constructor(engine: EngineSocket, address: string, parts: { attendance: Attendance; maxAnswerBytes: number }) {
    this.#engine = engine;
    this.address = address;
    this.#attendance = parts.attendance;
    this.#maxAnswerBytes = parts.maxAnswerBytes;
  }

  get connection(): this {
    return this;
  }

  get format(): WireFormat {
    return this.#direct || takesFrames(this.#engine) ? socketIoFrames : socketIoPackets;
  }

  write(encoded: Encoded): void {
    if (Buffer.isBuffer(encoded)) this.#writeFrames(encoded);
    else this.#writePackets(encoded);
  }

  queuedBytes(): number {
    return this.#queued + (this.#direct ? waitingBytesOf(this.#direct) : 0);
  }

  /** Sends an Engine.IO message to this connection alone, when the turn ends. */
  send(message: string): void {
    (this.#answers ??= []).push(message);
    this.#join();
  }

  /** Writes what the turn has joined. */
  endTurn(): void {
    this.#isJoining = false;
    const answers = this.#answers;
    this.#answers = undefined;
    if (answers) this.#writeAnswers(answers);
    this.#corked?.uncork();
    this.#corked = undefined;
    // Who asks but does not read is cut off.
    if (answers && waitingBytes(this.#engine) > this.#maxAnswerBytes) this.close('too_slow');
  }

  /** Closes for what the client did against the protocol. */
  end(): void {
    if (this.#isJoining) this.endTurn();
    this.#isClosing = true;
    this.#engine.close();
  }

  close(reason: CloseReason): void {
    // A stock client comes back by itself when the engine closes, and stays away when the namespace is disconnected.
    // Who is too slow never drains, so nothing is waited for.
    if (reason === 'session_ended' || reason === 'unauthenticated') this.send(disconnectPacket);
    if (this.#isJoining) this.endTurn();
    this.#isClosing = true;
    this.#engine.close(reason === 'too_slow');
  }

  #writeAnswers(answers: readonly string[]): void {
    const socket = this.#directSocket();
    if (socket) socket.write(textFrames(answers));
    else for (const message of answers) this.#engine.write(message.slice(1), { compress: false });
  }

  #writeFrames(frames: Buffer): void {
    if (frames.length === 0) return;
    const socket = this.#directSocket();
    if (socket) {
      // Who waits for an answer most likely gets it in this turn.
      if (this.callsInFlight > 0) this.#cork(socket);
      writeDirectly(socket, frames);
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

  #cork(socket: TcpSocket): void {
    if (this.#corked) return;
    this.#corked = socket;
    socket.cork();
    this.#join();
  }

  #join(): void {
    if (this.#isJoining) return;
    this.#isJoining = true;
    process.nextTick(endTurn, this);
  }

  #directSocket(): TcpSocket | undefined {
    if (this.#direct) return this.#isClosing || !this.#direct.writable ? undefined : this.#direct;
    const engine = this.#engine;
    const socket = takesFrames(engine) ? directSocket(engine) : undefined;
    if (!socket) return undefined;
    this.#direct = socket;
    socket.on('drain', () => this.#attendance.drained(this));
    return socket;
  }

  #counted(bytes: number): () => void {
    this.#queued += bytes;
    return () => {
      this.#queued -= bytes;
      this.#attendance.drained(this);
    };
  }
}

function endTurn(connection: SocketIoConnection): void {
  connection.endTurn();
}
