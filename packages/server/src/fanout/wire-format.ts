import type { OutboundEvent } from '../log/committed.js';

/** What a format makes: bytes that go to the socket as they are, or packets for a transport that frames them itself. */
export type Encoded = Buffer | readonly string[];

/**
 * How notes look on a wire. A transport supplies it; the object is the key under which an encoding is kept, so that a batch
 * is encoded once for all connections of a format.
 */
export interface WireFormat {
  readonly name: string;
  /** Encodes notes in order, as one thing to write. */
  encode(notes: readonly OutboundEvent[]): Encoded;
}

/** How many bytes an encoding is, about. */
export function encodedBytes(encoded: Encoded): number {
  if (Buffer.isBuffer(encoded)) return encoded.length;
  let bytes = 0;
  for (const packet of encoded) bytes += packet.length;
  return bytes;
}
