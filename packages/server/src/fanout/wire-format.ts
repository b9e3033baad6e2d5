import type { CommittedEvent, OutboundEvent } from '../log/committed.js';

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
  /**
   * Encodes a run for the connections of a user who wrote some of its messages and receives those with their `clientId`.
   * Each message may have another author, so this must cost no more than a copy of {@link OwnRun.encoded}. Absent if the
   * wire never shows a `clientId`.
   */
  encodeOwn?(run: OwnRun): Encoded;
}

/** A run of events, in the form for the author of some of them. */
export interface OwnRun {
  readonly events: readonly CommittedEvent[];
  /** The indexes of the author's own events, in order. */
  readonly places: readonly number[];
  /** The run in the form for everybody else. */
  encoded(format: WireFormat): Encoded;
}

/** The approximate size of an encoding in bytes. */
export function encodedBytes(encoded: Encoded): number {
  if (!isPackets(encoded)) return encoded.length;
  let bytes = 0;
  for (const part of encoded) bytes += part.length;
  return bytes;
}

/** True if an encoding is packets. Runs for each delivery: cheaper than Buffer's own check. */
export function isPackets(encoded: Encoded): encoded is readonly string[] {
  return Array.isArray(encoded);
}
