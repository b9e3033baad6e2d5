import type { FrameListener } from './frame.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Splits a byte stream into lines, for a server that doesn't use WebSocket frames; see {@link FrameReader}. */
export class LineReader {
  readonly #listener: FrameListener;
  #rest: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Takes received bytes. `chunk` may be reused afterwards. */
  feed(chunk: Buffer, from: number, to: number): void {
    let bytes = chunk.subarray(from, to);
    if (this.#rest) bytes = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
      this.#listener.text(bytes, at, (bytes[end - 1] === CR ? end - 1 : end) - at);
      at = end + 1;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }
}
