import type { Session } from '../identity/actor.js';
import type { Encoded, WireFormat } from './wire-format.js';

/** Why the server closes a connection. Each transport has its own code for it. */
export type CloseReason =
  | 'session_ended'
  | 'restarting'
  | 'too_slow'
  | 'unauthenticated'
  | 'unavailable'
  | 'no_session';

/** A place in a room's log. */
export interface Place {
  room: string;
  seq: number;
}

/** Events of one room, in order: where they begin and where they end. */
export interface SeqRange extends Place {
  first: number;
}

/** A client at a transport, as the fan-out knows it. */
export interface Connection {
  readonly id: string;
  /** The transport's name, for logs. */
  readonly transport: string;
  /** Whose it is; undefined before a session. */
  session: Session | undefined;
  /** The one room that it hears; all of its user's if undefined. */
  readonly only?: string | undefined;
  /** What the client says of its person. */
  presence: 'online' | 'away';
  /** How this connection is written to now; it may change when a transport is upgraded. */
  readonly format: WireFormat;
  /**
   * Writes what {@link Connection.format} has encoded. It never throws and never waits. `range` is what
   * a room's events are of its log, for a transport that keeps cursors.
   */
  write(encoded: Encoded, range?: SeqRange): void;
  /** It hears a room no longer, since its user left it. For a transport that keeps cursors. */
  left?(room: string): void;
  /** Bytes written that the network has not taken yet. */
  queuedBytes(): number;
  close(reason: CloseReason): void;
  /** Ends it at once; what waits for it is lost. */
  terminate(): void;
}
