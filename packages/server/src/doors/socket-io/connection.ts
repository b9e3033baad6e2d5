import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';
import type { Attendance } from '../../fanout/attendance.js';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import type { Calling } from '../calls.js';
import { nextConnectionId } from '../connection-id.js';
import { waitingBytesOf, writeDirectly } from '../direct-write.js';
import { textFrames } from '../text-frames.js';
import { socketIoFrames, socketIoPackets } from './format.js';
import { directSocket, takesFrames, waitingBytes } from './raw-socket.js';

/**
 * A Socket.IO client, the caller of what comes over it. On the WebSocket transport a batch is one buffer of ready frames,
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
  readonly #socket: Socket;
  readonly #attendance: Attendance;
  readonly #maxAnswerBytes: number;
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  /** What is written to directly, for good: kept, as looking for it costs about as much as a write's JavaScript. */
  #direct: TcpSocket | undefined;
  #isClosing = false;
  /** Packets that go when the turn ends. */
  #answers: string[] | undefined;
  /** What holds back its writes until the turn ends, if the turn has written. */
  #corked: TcpSocket | undefined;
  #isJoining = false;

  constructor(socket: Socket, address: string, parts: { attendance: Attendance; maxAnswerBytes: number }) {
    this.#socket = socket;
    this.address = address;
    this.#attendance = parts.attendance;
    this.#maxAnswerBytes = parts.maxAnswerBytes;
  }

  get connection(): this {
    return this;
  }

  get format(): WireFormat {
    return this.#direct || takesFrames(this.#socket.conn) ? socketIoFrames : socketIoPackets;
  }

  write(encoded: Encoded): void {
    if (Buffer.isBuffer(encoded)) this.#writeFrames(encoded);
    else this.#writePackets(encoded);
  }

  queuedBytes(): number {
    return this.#queued + (this.#direct ? waitingBytesOf(this.#direct) : 0);
  }

  /** Sends a packet to this connection alone, when the turn ends. */
  answer(packet: string): void {
    (this.#answers ??= []).push(packet);
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
    if (answers) this.boundAnswers();
  }

  /** Cuts off who asks but does not read. */
  boundAnswers(): void {
    if (waitingBytes(this.#socket.conn) > this.#maxAnswerBytes) this.close('too_slow');
  }

  close(reason: CloseReason): void {
    if (this.#isJoining) this.endTurn();
    this.#isClosing = true;
    // A stock client comes back by itself when the engine closes, and stays away when the namespace is disconnected.
    // Who is too slow never drains, so nothing is waited for.
    const staysAway = reason === 'session_ended' || reason === 'unauthenticated';
    if (staysAway) this.#socket.disconnect(true);
    else this.#socket.conn.close(reason === 'too_slow');
  }

  #writeAnswers(answers: readonly string[]): void {
    const socket = this.#directSocket();
    if (socket) socket.write(textFrames(answers.map((packet) => `4${packet}`)));
    else for (const packet of answers) this.#socket.conn.write(packet, { compress: false });
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
    this.#socket.conn.write('', options, this.#counted(frames.length));
  }

  #writePackets(packets: readonly string[]): void {
    const taken = this.#counted(encodedBytes(packets));
    for (const [index, packet] of packets.entries()) {
      this.#socket.conn.write(packet, { compress: false }, index === packets.length - 1 ? taken : undefined);
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
    const engine = this.#socket.conn;
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
