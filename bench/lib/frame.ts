/** Opcodes of RFC 6455, section 5.2. */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

const FIN = 0x80;
const MASKED = 0x80;

/** A client's frame. It is masked, as the RFC demands, with a key of zeros, which leaves the payload as it is. */
export function clientFrame(opcode: number, payload: Buffer | string): Buffer {
  const length = Buffer.byteLength(payload);
  const head = length < 126 ? 6 : 8;
  if (length > 65_535) throw new Error('the load client sends no frame over 64 KiB');
  const frame = Buffer.alloc(head + length);
  frame[0] = FIN | opcode;
  if (length < 126) frame[1] = MASKED | length;
  else {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(length, 2);
  }
  if (typeof payload === 'string') frame.write(payload, head);
  else payload.copy(frame, head);
  return frame;
}

/** Receives frames in place in the read buffer; whatever it wants to keep it must copy. */
export interface FrameListener {
  text(buffer: Buffer, start: number, length: number): void;
  control(opcode: number, payload: Buffer): void;
}

/** Splits a server's byte stream into frames, copying only frames that two reads share. */
export class FrameReader {
  readonly #listener: FrameListener;
  #rest: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Takes received bytes. `chunk` may be reused afterwards. */
  feed(chunk: Buffer, from: number, to: number): void {
    let buffer = chunk;
    let at = from;
    let end = to;
    if (this.#rest) {
      buffer = Buffer.concat([this.#rest, chunk.subarray(from, to)]);
      this.#rest = undefined;
      at = 0;
      end = buffer.length;
    }
    while (end - at >= 2) {
      let length = (buffer[at + 1] as number) & 0x7f;
      let head = 2;
      if (length === 126) {
        if (end - at < 4) break;
        length = ((buffer[at + 2] as number) << 8) | (buffer[at + 3] as number);
        head = 4;
      } else if (length === 127) {
        if (end - at < 10) break;
        length = Number(buffer.readBigUInt64BE(at + 2));
        head = 10;
      }
      const next = at + head + length;
      if (next > end) break;
      const first = buffer[at] as number;
      if (first === (FIN | opcodes.text)) this.#listener.text(buffer, at + head, length);
      else this.#listener.control(first & 0x0f, Buffer.from(buffer.subarray(at + head, next)));
      at = next;
    }
    if (at < end) this.#rest = Buffer.from(buffer.subarray(at, end));
  }
}
