import type { ErrorObject, Member, Message, Room, UserRef } from '@madang/protocol';
import type { Observable } from './observable.js';
import type { Activity } from './room-event.js';

/**
 * A message as a room shows it. `key` stays the same when one of the user's own messages is acknowledged: it is the
 * `clientId`. For others' messages it is the id, since a `clientId` is unique only per author. While `pending` or
 * `failed`, `id` is '' and `seq` 0; `error` says why it failed. `can` tells what the user may do with it now: it follows
 * the room's `can`, and is absent until the message is sent, after it is deleted, and until the room is known.
 */
export type ViewMessage = Message & { key: string; delivery: 'sent' | 'pending' | 'failed'; error?: ErrorObject };

/** The contents of a room's view. */
export interface RoomState {
  /** Undefined until it is known, and if the caller is not, or no longer, in it. */
  room: Room | undefined;
  /** While `loading`, `messages` contains only those that the user is sending. */
  status: 'loading' | 'ready' | 'gone';
  /** Oldest first: by seq, then unsent ones in the order of sending. */
  messages: readonly ViewMessage[];
  /** By seq, since the view was opened; the newest 100. */
  activity: readonly Activity[];
  hasOlder: boolean;
  /**
   * Whether the server no longer keeps what came before the oldest message: although `hasOlder` is false, this is not
   * the room's beginning.
   */
  isCut: boolean;
  loadingOlder: boolean;
  /** With live presence; empty until `loadMembers()`. */
  members: readonly Member[];
  /** Other users who are typing; it expires on its own. */
  typing: readonly UserRef[];
}

/**
 * The view of one room: an observable of {@link RoomState}. It loads the room's newest page when first watched, and
 * follows the log from there.
 */
export interface RoomView extends Observable<RoomState> {
  /** Loads a page before the oldest message; does nothing while loading, or at the beginning. Throws `MadangError`. */
  loadOlder(): Promise<void>;
  /** Loads the members, at most 2000. Throws `MadangError`. */
  loadMembers(): Promise<void>;
  /** Marks everything as read up to the newest event shown. Marks set in quick succession are sent as one. */
  markRead(): void;
  /** The user is typing here. Call it for each key; it is sent every 3 s. */
  typing(): void;
}
