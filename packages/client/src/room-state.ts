import type { ErrorObject, LoggedEvent, Member, Message, Room, UserRef } from '@madang/protocol';
import type { Observable } from './observable.js';

/**
 * A message as a room shows it. `key` stays the same when a message of one's own is acknowledged: its `clientId`. For
 * others' messages it is the id, since a `clientId` is unique for its author only. While `pending` or `failed`, `id` is
 * '' and `seq` 0; `error` says why it failed.
 */
export type ViewMessage = Message & { key: string; delivery: 'sent' | 'pending' | 'failed'; error?: ErrorObject };

/** What happened in a room beside messages. */
export type Activity = Extract<
  LoggedEvent,
  { type: 'member.joined' | 'member.left' | 'member.updated' | 'room.updated' }
>;

/** What a room shows. */
export interface RoomState {
  /** Undefined until it is known, and when it is not (any more) the caller's. */
  room: Room | undefined;
  /** While `loading`, `messages` are only those that the user sends meanwhile. */
  status: 'loading' | 'ready' | 'gone';
  /** The oldest first: by seq, then those that are not sent yet in the order of sending. */
  messages: readonly ViewMessage[];
  /** By seq, from when the view was opened, the newest 100. */
  activity: readonly Activity[];
  hasOlder: boolean;
  /** Whether the server no longer keeps what came before the oldest message: with `hasOlder` false, this is not the room's beginning. */
  isCut: boolean;
  loadingOlder: boolean;
  /** With live presence; empty until `loadMembers()`. */
  members: readonly Member[];
  /** Others who type; it expires by itself. */
  typing: readonly UserRef[];
}

/**
 * One room as it is shown: an observable of {@link RoomState}. It loads the room's newest page when it is first watched
 * and follows the log from there.
 */
export interface RoomView extends Observable<RoomState> {
  /** Loads a page before the oldest message; does nothing while loading, or at the beginning. Throws `MadangError`. */
  loadOlder(): Promise<void>;
  /** Loads the members, at most 2000. Throws `MadangError`. */
  loadMembers(): Promise<void>;
  /** Marks all as read up to the newest event shown. Marks of one moment are told to the server as one. */
  markRead(): void;
  /** Says that the user types here; call it at each key, it is told every 3 s. */
  typing(): void;
}
