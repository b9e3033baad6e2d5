import type { ErrorObject, Message } from '@madang/protocol';
import type { Observable } from './observable.js';

/**
 * A message as a room shows it. `key` stays the same when one of the user's own messages is acknowledged: it is the
 * `clientId`. For others' messages it is the id, since a `clientId` is unique only per author. While `pending` or
 * `failed`, `id` is '' and `seq` 0; `error` says why it failed. `can` tells what the user may do with it now: it follows
 * the room's `can`, and is absent until the message is sent, after it is deleted, and until the room is known. The same
 * object as long as nothing about it changes.
 */
export type ViewMessage = Message & { key: string; delivery: 'sent' | 'pending' | 'failed'; error?: ErrorObject };

/**
 * Where a list opens: at the room's newest messages, around a seq (no message needs to have it), or at the first message
 * that the user has not read (at the end if there is none).
 */
export type Place = 'end' | 'unread' | { around: number };

/** The contents of a list of messages. */
export interface MessageListState {
  /** While `loading`, `messages` contains only those that the user is sending. `gone`: the user is not in the room. */
  status: 'loading' | 'ready' | 'gone';
  /** Why the messages could not be loaded. They are requested again after a while; absent once they are loaded. */
  error?: ErrorObject;
  /**
   * Oldest first, without gaps. At the end of the room, unsent messages follow in the order of sending. The same array until
   * one of them changes.
   */
  messages: readonly ViewMessage[];
  hasOlder: boolean;
  /** Whether the room has messages after these. If not, new ones join the list. */
  hasNewer: boolean;
  /**
   * Whether the server no longer keeps what came before the oldest message: although `hasOlder` is false, this is not
   * the room's beginning.
   */
  isCut: boolean;
  loadingOlder: boolean;
  loadingNewer: boolean;
}

/**
 * Messages of a room from one place on. It loads a page when first watched, and more when asked. Lists of one room share
 * their messages: an edit is in all of them at once. When loading newer messages brings it to the end of the room, it
 * follows what is sent from then on.
 */
export interface MessageList extends Observable<MessageListState> {
  /** Loads a page before the oldest message; does nothing while loading, or at the beginning. Throws `MadangError`. */
  loadOlder(): Promise<void>;
  /** Loads a page after the newest message; does nothing while loading, or at the end. Throws `MadangError`. */
  loadNewer(): Promise<void>;
  /**
   * Drops all messages but those from one seq to another, or to the end: `loadOlder` and `loadNewer` bring them back. A list
   * that has lost its newest takes in no more new ones until it has loaded them again. Does nothing while loading.
   */
  keep(from: number, to?: number): void;
  /**
   * Marks the room as read up to a seq, at most up to the end of this list, which is also the default. Marks set in quick
   * succession are sent as one.
   */
  markRead(seq?: number): void;
}
