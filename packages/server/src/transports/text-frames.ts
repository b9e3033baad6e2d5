/** The first byte of a whole text message: FIN, opcode 1 (RFC 6455, section 5.2). */
const FIN_TEXT = 0x81;

/**
 * Frames texts as WebSocket messages from a server, one after the other in one buffer, after frames that come first: one
 * allocation for any number of messages, and one write per connection.
 */
export function textFrames(texts: readonly string[], first: readonly Buffer[] = []): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  let bytes = 0;
  for (const each of first) bytes += each.length;
  for (const length of lengths) bytes += headerBytes(length) + length;
  const frames = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for (const each of first) {
    frames.set(each, offset);
    offset += each.length;
  }
  for (let index = 0; index < texts.length; index += 1) {
    offset = writeHeader(frames, offset, lengths[index] as number);
    offset += frames.write(texts[index] as string, offset);
  }
  return frames;
}

/** A text to insert into the frame at `place`. */
export interface Insertion {
  place: number;
  text: string;
}

/**
 * Frames with texts inserted into some of them, in order, each `fromEnd` bytes before the end of its frame. Nothing else
 * is encoded again, and nothing allocated for a single frame: this runs for each author of a batch.
 */
export function insertedFrames(frames: Buffer, insertions: readonly Insertion[], fromEnd: number): Buffer {
  const added = addedBytes(frames, insertions);
  const inserted = Buffer.allocUnsafe(frames.length + added);
  // The frames begin as one block at the end of the buffer. Piece by piece, from `rest` on, they move to the front, up to `end`.
  inserted.set(frames, added);
  let end = 0;
  let rest = added;
  let frame = rest;
  let next = 0;
  for (const { place, text } of insertions) {
    for (; next < place; next += 1) frame = frameEnd(inserted, frame);
    const length = payloadBytes(inserted, frame);
    inserted.copyWithin(end, rest, frame);
    end = writeHeader(inserted, end + frame - rest, length + Buffer.byteLength(text));
    rest = frame + headerBytes(length);
    const insertAt = rest + length - fromEnd;
    inserted.copyWithin(end, rest, insertAt);
    end += insertAt - rest;
    end += inserted.write(text, end);
    rest = insertAt;
    frame = insertAt + fromEnd;
    next += 1;
  }
  return inserted;
}

/** By how many bytes frames grow: a longer payload may need a longer header, too. */
function addedBytes(frames: Buffer, insertions: readonly Insertion[]): number {
  let added = 0;
  let frame = 0;
  let next = 0;
  for (const { place, text } of insertions) {
    for (; next < place; next += 1) frame = frameEnd(frames, frame);
    const length = payloadBytes(frames, frame);
    const more = Buffer.byteLength(text);
    added += headerBytes(length + more) - headerBytes(length) + more;
  }
  return added;
}

/** The end of the frame that begins at `offset`. */
function frameEnd(frames: Buffer, offset: number): number {
  const length = payloadBytes(frames, offset);
  return offset + headerBytes(length) + length;
}

/** The length of the payload of the frame that begins at `offset`. */
function payloadBytes(frames: Buffer, offset: number): number {
  const length = frames[offset + 1] as number;
  if (length < 126) return length;
  return length === 126 ? frames.readUInt16BE(offset + 2) : Number(frames.readBigUInt64BE(offset + 2));
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
