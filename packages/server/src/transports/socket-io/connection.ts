import type { Socket as EngineSocket } from 'engine.io';
import type { ConnectionLifecycle } from '../../fanout/connection-lifecycle.js';
import type { CloseReason } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, type WireFormat } from '../../fanout/wire-format.js';
import type { Internals } from '../internals.js';
import { sessionless } from '../sessionless.js';
import { SocketConnection } from '../socket-connection.js';
import { SocketWriter } from '../socket-writer.js';
import { textFrames } from '../text-frames.js';
import { boundTransport, directSocket, terminateTransport } from './engine-shortcuts.js';
import { socketIoFormats, socketIoPackets } from './format.js';
import { disconnectPacket } from './packets.js';

/**
 * How a client is written to. It begins with packets, has frames when it has changed to a WebSocket, and is direct, for
 * good, from the moment that nothing waits in Engine.IO's queue: looking for the socket costs about as much as a write's
 * JavaScript.
 */
type Wire =
  /** Engine.IO queues packets and frames them itself. */
  | { readonly is: 'packets' }
  /** Ready frames wait in Engine.IO's queue for what was there before. */
  | { readonly is: 'frames' }
  | { readonly is: 'direct'; readonly writer: SocketWriter };

const PACKETS: Wire = { is: 'packets' };
const FRAMES: Wire = { is: 'frames' };

/**
 * A Socket.IO client that began with polling. Once it has a WebSocket, a batch is one buffer of ready frames, and so are
 * the answers of one turn, which go in one write with the events of that turn. Where Engine.IO's inside isn't known, it
 * stays with packets.
 */
export class SocketIoConnection extends SocketConnection {
  readonly transport = 'socket.io';
  protected readonly maxAnswerBytes: number;
  readonly #engine: EngineSocket;
  readonly #lifecycle: ConnectionLifecycle;
  readonly #maxFrameBytes: number;
  readonly #internals: Internals;
  /** Bytes in Engine.IO's queue. */
  #queued = 0;
  #wire: Wire = PACKETS;

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
    super(address);
    this.#engine = engine;
    this.#lifecycle = parts.lifecycle;
    this.maxAnswerBytes = parts.maxAnswerBytes;
    this.#maxFrameBytes = parts.maxFrameBytes;
    this.#internals = parts.internals;
    this.upgraded();
  }

  get format(): WireFormat {
    return this.#wire === PACKETS ? socketIoPackets : socketIoFormats.plain;
  }

  /** Polling has become a WebSocket, which has to be bounded too. */
  upgraded(): void {
    if (this.#internals.frames(this.#engine)) this.#wire = FRAMES;
    this.boundInput();
  }

  write(encoded: Encoded): void {
    if (Buffer.isBuffer(encoded)) this.#writeFrames(encoded);
    else this.#queuePackets(encoded);
  }

  queuedBytes(): number {
    return this.#queued + (this.#wire.is === 'direct' ? this.#wire.writer.waitingBytes : 0);
  }

  drained(): void {
    this.#lifecycle.drained(this);
  }

  end(): void {
    this.endTurn();
    this.#engine.close();
  }

  close(reason: CloseReason): void {
    // A stock client reconnects on its own when the engine closes, and stays away when the namespace is disconnected. A
    // client that is too slow never drains, so nothing is awaited.
    if (reason === 'session_ended' || reason === 'unauthenticated') this.send(disconnectPacket);
    this.endTurn();
    this.#engine.close(reason === 'too_slow');
  }

  terminate(): void {
    terminateTransport(this.#engine, this.#internals);
  }

  protected boundInput(): void {
    boundTransport(this.#engine, this.session ? this.#maxFrameBytes : sessionless.frameBytes, this.#internals);
  }

  protected writeTurn(frames: Buffer[], messages: readonly string[]): void {
    const writer = this.#writer();
    if (writer) {
      if (messages.length > 0) frames.push(textFrames(messages));
      writer.write(Buffer.concat(frames));
    } else {
      for (const each of frames) this.#queueFrames(each);
      if (messages.length > 0) this.#queuePackets(messages.map((message) => message.slice(1)));
    }
  }

  #writeFrames(frames: Buffer): void {
    if (frames.length === 0) return;
    const writer = this.#writer();
    if (writer && this.joinsTurn) this.join(frames);
    else if (writer) writer.write(frames);
    else this.#queueFrames(frames);
  }

  #queueFrames(frames: Buffer): void {
    // A fresh options object each time: Engine.IO writes to it.
    const options = { compress: false, wsPreEncodedFrame: [frames] } as { compress: boolean };
    this.#engine.write('', options, this.#counted(frames.length));
  }

  #queuePackets(packets: readonly string[]): void {
    const taken = this.#counted(encodedBytes(packets));
    for (const [index, packet] of packets.entries()) {
      this.#engine.write(packet, { compress: false }, index === packets.length - 1 ? taken : undefined);
    }
  }

  /** Writes past Engine.IO's queue, where what is written now comes after all that it was given before. */
  #writer(): SocketWriter | undefined {
    if (this.#engine.readyState !== 'open' || this.#wire.is === 'packets') return undefined;
    if (this.#wire.is === 'direct') return this.#wire.writer;
    const socket = directSocket(this.#engine, this.#internals);
    if (!socket) return undefined;
    const writer = new SocketWriter(socket, this, this.#internals);
    this.#wire = { is: 'direct', writer };
    return writer;
  }

  #counted(bytes: number): () => void {
    this.#queued += bytes;
    return () => {
      this.#queued -= bytes;
      this.drained();
    };
  }
}
