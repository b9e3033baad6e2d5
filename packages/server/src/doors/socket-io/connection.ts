import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';
import type { Attendance } from '../../fanout/attendance.js';
import type { CloseReason, Connection } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Session } from '../../identity/actor.js';
import { MAX_ANSWER_BYTES } from '../answer-limit.js';
import type { Calling } from '../calls.js';
import { nextConnectionId } from '../connection-id.js';
import { socketIoFrames, socketIoPackets } from './format.js';
import { directSocket, takesFrames, waitingBytes } from './raw-socket.js';

/** How often the answers that wait are counted. */
const ANSWERS_BETWEEN_LOOKS = 8;

/**
 * A Socket.IO client, the caller of what comes over it. On the WebSocket transport a batch is one buffer of ready frames,
 * written to the TCP socket when Engine.IO has nothing queued; else it takes its place in Engine.IO's queue
 * (`wsPreEncodedFrame`), after the acks and pings that were there before.
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
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  #direct: TcpSocket | undefined;
  #isCorked = false;
  #answers = 0;

  constructor(socket: Socket, address: string, attendance: Attendance) {
    this.#socket = socket;
    this.address = address;
    this.#attendance = attendance;
  }

  get connection(): this {
    return this;
  }

  get format(): WireFormat {
    return takesFrames(this.#socket.conn) ? socketIoFrames : socketIoPackets;
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

  /** Cuts off a client that asks but does not read its answers. Looked at only every few answers, for it costs a walk. */
  boundAnswers(): void {
    this.#answers += 1;
    if (this.#answers % ANSWERS_BETWEEN_LOOKS === 0 && waitingBytes(this.#socket.conn) > MAX_ANSWER_BYTES) {
      this.close('too_slow');
    }
  }

  close(reason: CloseReason): void {
    // A stock client comes back by itself when the engine closes, and stays away when the namespace is disconnected.
    // Who is too slow never drains, so nothing is waited for.
    if (reason === 'restarting' || reason === 'too_slow') this.#socket.conn.close(reason === 'too_slow');
    else this.#socket.disconnect(true);
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
    this.#socket.conn.write('', options, this.#counted(frames.length));
  }

  #writePackets(packets: readonly string[]): void {
    const taken = this.#counted(encodedBytes(packets));
    for (const [index, packet] of packets.entries()) {
      this.#socket.conn.write(packet, { compress: false }, index === packets.length - 1 ? taken : undefined);
    }
  }

  #directSocket(): TcpSocket | undefined {
    const engine = this.#socket.conn;
    const socket = takesFrames(engine) ? directSocket(engine) : undefined;
    if (socket && socket !== this.#direct) {
      this.#direct = socket;
      socket.on('drain', () => this.#attendance.drained(this));
    }
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
