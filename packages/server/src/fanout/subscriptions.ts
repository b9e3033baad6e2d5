import type { Place } from './connection.js';

/** Hears who and what must be heard at this node. With one node nobody needs to. */
export interface Subscriptions {
  /** A user has a first connection here. Their rooms are read when this resolves. */
  userCame(user: string): Promise<void>;
  /** A user has no connection here any more. */
  userWent(user: string): void;
  /**
   * A user's rooms were read, at these places of their logs: what comes after must be heard. False if one of them is
   * followed from a later place on: who was a member then may have left before it, so they must be read once more.
   */
  entered(places: readonly Place[]): boolean;
  /** A user who is here became a member of a room. */
  joined(user: string, room: string): void;
  /** Nobody here hears a room any more. */
  roomLeft(room: string): void;
}
