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

/** Events of one room, in order: the first and last seq. */
export interface SeqRange extends Place {
  first: number;
}

/** A client's connection, as the fan-out sees it. */
export interface Connection {
  readonly id: string;
  /** The transport's name, for logs. */
  readonly transport: string;
  /** The session; undefined until there is one. */
  session: Session | undefined;
  /** The one room it receives; all of its user's if undefined. */
  readonly only?: string | undefined;
  /** What the client reports about its user. */
  presence: 'online' | 'away';
  /** The current wire format; it may change when a transport is upgraded. */
  readonly format: WireFormat;
  /**
   * Writes the output of {@link Connection.format}. Never throws and never waits. `range` says which events of a room's
   * log they are, for transports that keep cursors.
   */
  write(encoded: Encoded, range?: SeqRange): void;
  /** It no longer receives a room, since its user left it. For transports that keep cursors. */
  left?(room: string): void;
  /** Bytes written that the network has not accepted yet. */
  queuedBytes(): number;
  close(reason: CloseReason): void;
  /** Closes it at once; queued output is lost. */
  terminate(): void;
}
