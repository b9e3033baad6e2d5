import type { OutboundEvent } from '../log/committed.js';

/** The output of a format: bytes for the socket, or packets for a transport that frames them itself. */
export type Encoded = Buffer | readonly string[];

/**
 * How events and signals look on a wire. Each transport supplies its own. The object is the key under which encodings
 * are kept, so that a batch is encoded once for all connections of a format.
 */
export interface WireFormat {
  readonly name: string;
  /** Encodes events in order, for a single write. */
  encode(events: readonly OutboundEvent[]): Encoded;
}

/** The approximate size of an encoding in bytes. */
export function encodedBytes(encoded: Encoded): number {
  if (Buffer.isBuffer(encoded)) return encoded.length;
  let bytes = 0;
  for (const packet of encoded) bytes += packet.length;
  return bytes;
}
