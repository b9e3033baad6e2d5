/** The first byte of a whole text message: FIN, opcode 1 (RFC 6455, section 5.2). */
const FIN_TEXT = 0x81;

/**
 * Frames texts as WebSocket messages from a server, one after the other in one buffer: one allocation for any number of
 * messages, and one write per connection.
 */
export function textFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headerBytes(length) + length, 0));
  let offset = 0;
  for (const [index, text] of texts.entries()) {
    offset = writeHeader(frames, offset, lengths[index] as number);
    offset += frames.write(text, offset);
  }
  return frames;
}

/**
 * Replaces some of the frames: `texts` has the new ones by their index, in order. The others are slices of `frames`, so
 * they cost no encoding. Write all pieces together.
 */
export function replacedFrames(frames: Buffer, texts: ReadonlyMap<number, string>): Buffer[] {
  const pieces: Buffer[] = [];
  let place = 0;
  let offset = 0;
  let keptFrom = 0;
  for (const [replaced, text] of texts) {
    for (; place < replaced; place += 1) offset = frameEnd(frames, offset);
    if (keptFrom < offset) pieces.push(frames.subarray(keptFrom, offset));
    pieces.push(textFrames([text]));
    keptFrom = frameEnd(frames, offset);
  }
  if (keptFrom < frames.length) pieces.push(frames.subarray(keptFrom));
  return pieces;
}

/** The end of the frame that begins at `offset`. */
function frameEnd(frames: Buffer, offset: number): number {
  const length = frames[offset + 1] as number;
  if (length < 126) return offset + 2 + length;
  if (length === 126) return offset + 4 + frames.readUInt16BE(offset + 2);
  return offset + 10 + Number(frames.readBigUInt64BE(offset + 2));
}

/** The header of a whole text message, for callers that frame the payload themselves. */
export function textHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(length));
  writeHeader(header, 0, length);
  return header;
}

function headerBytes(length: number): number {
  if (length < 126) return 2;
  return length < 65536 ? 4 : 10;
}

function writeHeader(frames: Buffer, offset: number, length: number): number {
  frames[offset] = FIN_TEXT;
  if (length < 126) {
    frames[offset + 1] = length;
    return offset + 2;
  }
  if (length < 65536) {
    frames[offset + 1] = 126;
    return frames.writeUInt16BE(length, offset + 2);
  }
  frames[offset + 1] = 127;
  return frames.writeBigUInt64BE(BigInt(length), offset + 2);
}
