import { constants, deflateRawSync } from 'node:zlib';
import { carriesToken } from './carries-token.js';
import { textFrames, textHeader } from './text-frames.js';

/** How far back a frame may refer, as the exponent that zlib takes; `server_max_window_bits` tells clients. */
export const WINDOW_BITS = 12;
const WINDOW_BYTES = 1 << WINDOW_BITS;

/** Smaller events and signals, in bytes, are not compressed: there is little to save. */
const MIN_EVENT_BYTES = 150;

/** The same for answers. They are compressed for one connection alone, which pays for pages but not for acks. */
const MIN_ANSWER_BYTES = 1024;

/** The most bytes of one buffer to compress, which takes some 2 ms of the event loop. The rest is sent uncompressed. */
const MAX_BYTES = 256 * 1024;

/** Higher levels cost up to twice as much for 3 % fewer bytes. The flush ends a message without ending the stream. */
const DEFLATE = { level: 1, windowBits: WINDOW_BITS, chunkSize: 4096, finishFlush: constants.Z_SYNC_FLUSH };

/** The end of a flush, which a message omits (RFC 7692, section 7.2.1). */
const FLUSH_BYTES = 4;

/** "This message is compressed", in a header's first byte (RFC 7692, section 6). */
const RSV1 = 0x40;

/** A batch's events or signals as compressed messages, once for all clients that negotiated compression. */
export function deflatedEvents(texts: readonly string[]): Buffer {
  return deflatedFrames(texts, MIN_EVENT_BYTES);
}

/** One connection's answers as messages, with the large ones compressed, after frames that come first. */
export function deflatedAnswers(texts: readonly string[], first: readonly Buffer[]): Buffer {
  return deflatedFrames(texts, MIN_ANSWER_BYTES, first);
}

/**
 * Frames texts in one buffer, compressed by permessage-deflate. A message refers back to earlier ones in the same
 * buffer, which every recipient has just read, but to nothing before the buffer. So no state is kept per connection,
 * the same bytes suit all of them, and a batch shrinks to about a third, where messages compressed separately would
 * shrink to two thirds.
 */
function deflatedFrames(texts: readonly string[], minBytes: number, first: readonly Buffer[] = []): Buffer {
  // A text has no more UTF-16 units than bytes; nearly all small ones end here.
  if (!texts.some((text) => text.length * 3 >= minBytes)) return textFrames(texts, first);
  const parts = [...first];
  let before: Buffer | undefined;
  let left = MAX_BYTES;
  for (const text of texts) {
    const bytes = Buffer.from(text);
    if (bytes.length < minBytes || bytes.length > left || carriesToken(text)) {
      parts.push(textHeader(bytes.length), bytes);
      continue;
    }
    const deflated = deflateRawSync(bytes, before ? { ...DEFLATE, dictionary: before } : DEFLATE);
    const header = textHeader(deflated.length - FLUSH_BYTES);
    header[0] = (header[0] as number) | RSV1;
    parts.push(header, deflated.subarray(0, -FLUSH_BYTES));
    left -= bytes.length;
    before = (before ? Buffer.concat([before, bytes]) : bytes).subarray(-WINDOW_BYTES);
  }
  return Buffer.concat(parts);
}
