import type { Socket as EngineSocket } from 'engine.io';
import type { ConnectionLifecycle } from '../../fanout/connection-lifecycle.js';
import type { CloseReason } from '../../fanout/connection.js';
import { type Encoded, encodedBytes, isPackets, type WireFormat } from '../../fanout/wire-format.js';
import type { Internals } from '../internals.js';
import { sessionless } from '../sessionless.js';
import { SocketConnection } from '../socket-connection.js';
import { SocketWriter } from '../socket-writer.js';
import { textFrames } from '../text-frames.js';
import { boundTransport, directSocket, terminateTransport } from './engine-shortcuts.js';
import { socketIoFormats, socketIoPackets } from './format.js';
import { disconnectPacket } from './packets.js';

/**
 * How to write to a client. It begins with `packets`, changes to `frames` when it upgrades to a WebSocket, and to
 * `direct` once Engine.IO's queue is empty. There it stays, because looking up the socket costs about as much as the
 * rest of a write.
 */
type Wire =
  /** Engine.IO queues the packets and frames them. */
  | { readonly is: 'packets' }
  /** Ready frames go through Engine.IO's queue, behind the packets that are in it. */
  | { readonly is: 'frames' }
  | { readonly is: 'direct'; readonly writer: SocketWriter };

const PACKETS: Wire = { is: 'packets' };
const FRAMES: Wire = { is: 'frames' };

/**
 * A Socket.IO client that began with polling. Once it has a WebSocket, a batch of events is one buffer of ready frames,
 * and so are the answers of a turn, which share a write with the turn's events. If the internals of Engine.IO are not
 * the expected ones, it stays with packets.
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

  /** The client has upgraded from polling to a WebSocket, which needs its limits too. */
  upgraded(): void {
    if (this.#internals.frames(this.#engine)) this.#wire = FRAMES;
    this.boundInput();
  }

  write(encoded: Encoded): void {
    if (isPackets(encoded)) this.#queuePackets(encoded);
    else this.#writeFrames(encoded);
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
    // A stock client reconnects when the engine closes, and stays away when the namespace is disconnected. A client
    // that is too slow never drains, so its queue is discarded.
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
      writer.write(textFrames(messages, frames));
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

  /** Bypasses Engine.IO's queue, if a write now comes after everything that Engine.IO was given before. */
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
