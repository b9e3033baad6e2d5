import { connect, type Socket } from 'node:net';
import type { Dialect, Place } from './dialect.ts';
import { clientFrame, FrameReader, opcodes } from './frame.ts';
import { LineReader } from './line-reader.ts';
import { findMarker, isMarker } from './marker.ts';

/** All sockets are read into this one buffer: each read is handled before the next begins. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** What all clients have read so far. */
export const traffic = { reads: 0, bytes: 0 };

/**
 * Where the marker is in a dialect's frames of each length; the envelope makes it depend on little else. 0 for unknown.
 */
const markerPlaces = new Map<Dialect, Int32Array>();

/** Receives what a client reports. `now` is the `performance.now()` of the read. */
export interface LoadListener {
  /** A marked text arrived at client `client`; its marker begins at `at`. */
  delivered(client: number, buffer: Buffer, at: number, now: number): void;
  /** A message or call of client `client` was answered. */
  answered(client: number, id: number, error: string | undefined): void;
}

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

/** One client of the load: a raw socket that speaks just enough of a dialect, and counts what arrives. */
export class LoadClient {
  readonly index: number;
  readonly place: Place;
  readonly #dialect: Dialect;
  readonly #socket: Socket;
  readonly #reader: FrameReader | LineReader;
  readonly #listener: LoadListener;
  readonly #markers: Int32Array;
  readonly #calls = new Map<number, Waiting>();
  /** Resolves when the server has let it in. */
  readonly ready: Promise<void>;
  #readied!: () => void;
  #failed!: (error: Error) => void;
  #isOpen = false;
  #isClosing = false;
  #head: Buffer | undefined = Buffer.alloc(0);
  #now = 0;
  /** When it last received something, in ms of `performance.now()`. */
  heardAt = 0;
  /** Called with texts that are neither delivery, answer nor greeting. */
  onOther: ((text: string) => void) | undefined;
  /** Called when the server closes the connection. */
  onClosed: (() => void) | undefined;

  constructor(options: { index: number; port: number; place: Place; dialect: Dialect; listener: LoadListener }) {
    const { index, port, place, dialect, listener } = options;
    this.index = index;
    this.place = place;
    this.#dialect = dialect;
    this.#listener = listener;
    const markers = markerPlaces.get(dialect) ?? new Int32Array(65_536);
    markerPlaces.set(dialect, markers);
    this.#markers = markers;
    this.#reader = dialect.isLines ? new LineReader(this) : new FrameReader(this);
    this.ready = new Promise((resolve, reject) => {
      this.#readied = resolve;
      this.#failed = reject;
    });
    this.ready.catch(() => undefined);
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      ...(place.from !== undefined && { localAddress: place.from }),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (bytes) => {
          this.#read(bytes);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#connected(port));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => {
      const error = new Error('the server closed the connection');
      this.#failed(error);
      for (const call of this.#calls.values()) call.reject(error);
      this.#calls.clear();
      if (!this.#isClosing) this.onClosed?.();
    });
  }

  /** Sends a message; its answer will have `id`. */
  send(text: string, id: number): void {
    this.#write(this.#dialect.message(text, this.place, id));
  }

  /** Sends any other call and waits for its answer. `id` must not be a message's. */
  call(name: string, input: unknown, id: number): Promise<string> {
    const payload = this.#dialect.call?.(name, input, id);
    if (payload === undefined) throw new Error(`${this.#dialect.name} has no calls`);
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#write(payload);
    });
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #connected(port: number): void {
    const path = this.#dialect.path?.(this.place);
    if (path === undefined) {
      this.#head = undefined;
      this.#opened();
      return;
    }
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(this.#dialect.headers?.(this.place) ?? []),
    ];
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  #opened(): void {
    const greeting = this.#dialect.greeting?.(this.place);
    if (greeting !== undefined) this.#write(greeting);
    if (this.#dialect.isReadyWhenOpen) this.#letIn();
  }

  #write(text: string): void {
    this.#socket.write(this.#dialect.isLines ? `${text}\r\n` : clientFrame(opcodes.text, text));
  }

  #letIn(): void {
    this.#isOpen = true;
    this.#readied();
  }

  #read(bytes: number): void {
    this.#now = performance.now();
    this.heardAt = this.#now;
    traffic.reads += 1;
    traffic.bytes += bytes;
    if (this.#head) this.#readHead(bytes);
    else this.#reader.feed(readBuffer, 0, bytes);
  }

  #readHead(bytes: number): void {
    const head = Buffer.concat([this.#head as Buffer, readBuffer.subarray(0, bytes)]);
    const end = head.indexOf('\r\n\r\n');
    this.#head = head;
    if (end < 0) return;
    if (!head.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) {
      this.#failed(new Error(`the upgrade was refused: ${head.toString('latin1', 0, 200)}`));
      this.close();
      return;
    }
    this.#head = undefined;
    this.#opened();
    this.#reader.feed(head, end + 4, head.length);
  }

  /** A text frame's payload; see {@link FrameReader}. */
  text(buffer: Buffer, start: number, length: number): void {
    const { delivery } = this.#dialect;
    if (this.#isOpen && (delivery === undefined || buffer[start + delivery.at] === delivery.byte)) {
      // Plus one, so that 0 means unknown.
      let at = (length < 65_536 ? (this.#markers[length] as number) : 0) - 1;
      if (at < 0 || !isMarker(buffer, start + at)) {
        at = findMarker(buffer, start, length) - start;
        if (at >= 0 && length < 65_536) this.#markers[length] = at + 1;
      }
      if (at >= 0) {
        this.#listener.delivered(this.index, buffer, start + at, this.#now);
        return;
      }
    }
    this.#understand(buffer.toString('utf8', start, start + length));
  }

  /** A frame that is not a text. */
  control(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#socket.write(clientFrame(opcodes.pong, payload));
    else if (opcode === opcodes.close) this.#socket.end();
  }

  #understand(text: string): void {
    const meaning = this.#dialect.read(text, this.place);
    if (meaning.kind === 'reply') this.#write(meaning.text);
    else if (meaning.kind === 'ready') this.#letIn();
    else if (meaning.kind === 'refused') this.#failed(new Error(meaning.why));
    else if (meaning.kind === 'other') this.onOther?.(text);
    else {
      const waiting = this.#calls.get(meaning.id);
      this.#calls.delete(meaning.id);
      if (!waiting) this.#listener.answered(this.index, meaning.id, meaning.error);
      else if (meaning.error === undefined) waiting.resolve(meaning.text);
      else waiting.reject(new Error(meaning.error));
    }
  }
}
