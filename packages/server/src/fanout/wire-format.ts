import type { CommittedEvent, OutboundEvent } from '../log/committed.js';

/**
 * The output of a format: bytes for the socket, in one piece or several, or packets for a transport that frames them
 * itself.
 */
export type Encoded = Buffer | readonly Buffer[] | readonly string[];

/**
 * How events and signals look on a wire. Each transport supplies its own. The object is the key under which encodings
 * are kept, so that a batch is encoded once for all connections of a format.
 */
export interface WireFormat {
  readonly name: string;
  /** Encodes events in order, for a single write. */
  encode(events: readonly OutboundEvent[]): Encoded;
  /**
   * Encodes a run for the connections of somebody who has written some of it, and gets those events with their `clientId`.
   * It should cost a copy of {@link OwnRun.encoded} at most, for each of a run's events may have another author. Absent where
   * the wire shows no `clientId`.
   */
  encodeOwn?(run: OwnRun): Encoded;
}

/** A run of events, in the form for the author of some of them. */
export interface OwnRun {
  readonly events: readonly CommittedEvent[];
  /** Where the author's own events are in it, in order. */
  readonly places: readonly number[];
  /** The run in the form for everybody else. */
  encoded(format: WireFormat): Encoded;
}

/** The approximate size of an encoding in bytes. */
export function encodedBytes(encoded: Encoded): number {
  if (Buffer.isBuffer(encoded)) return encoded.length;
  let bytes = 0;
  for (const part of encoded) bytes += part.length;
  return bytes;
}

/** Whether an encoding is packets, for a transport that frames them itself. */
export function isPackets(encoded: readonly Buffer[] | readonly string[]): encoded is readonly string[] {
  return typeof encoded[0] === 'string';
}
