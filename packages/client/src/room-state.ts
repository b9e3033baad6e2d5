import type { Member, Room, UserRef } from '@madang/protocol';
import type { MessageList, MessageListState, Place } from './message-list.js';
import type { Observable } from './observable.js';
import type { Activity } from './room-event.js';

/** How much of a room is unread. */
export interface Unread {
  /** Everything up to this seq is read, or from before the user joined; undefined until the room is known. */
  read: number | undefined;
  /** Others' messages after it, counted to 100. */
  unread: number;
  /** Those that mention the user, counted to 100. */
  mentions: number;
}

/** The contents of a room's view: all of its slices at once, with the messages at the end of the room. */
export interface RoomState extends Omit<MessageListState, 'hasNewer' | 'loadingNewer'> {
  /** Undefined until it is known, and if the caller is not, or no longer, in it. */
  room: Room | undefined;
  /** By seq, since the view was opened; the newest 100. */
  activity: readonly Activity[];
  /** With live presence; empty until `loadMembers()`. */
  members: readonly Member[];
  /** Other users who are typing; it expires on its own. */
  typing: readonly UserRef[];
}

/**
 * The view of one room. Its slices are separate observables. Each keeps its value until something in it changes, so a
 * listener of the messages is not called for typing and presence. The view itself is an observable of all slices. It loads
 * the newest page when the view or {@link RoomView.messages} is first watched, and follows the log from there.
 */
export interface RoomView extends Observable<RoomState> {
  /** The room. It changes with each of its events, because it contains the `head`. */
  readonly room: Observable<Room | undefined>;
  /** Whether the user is in the room: `loading` until a list is loaded, `gone` if they are not in it. */
  readonly status: Observable<RoomState['status']>;
  /** The newest messages. */
  readonly messages: MessageList;
  readonly activity: Observable<readonly Activity[]>;
  readonly unread: Observable<Unread>;
  readonly members: Observable<readonly Member[]>;
  /** Other users who are typing; it expires on its own. */
  readonly typists: Observable<readonly UserRef[]>;
  /**
   * Opens a list of messages at a place. The list keeps messages only while it is watched; when watched again, it begins at
   * its place again. Returns {@link RoomView.messages} for `end`, and for `unread` if that is loaded as far as the first
   * unread message. Throws `invalid_input` unless `around` is a whole number from 0 on.
   */
  list(place: Place): MessageList;
  /** {@link MessageList.loadOlder} of {@link RoomView.messages}. */
  loadOlder(): Promise<void>;
  /** Loads the members, at most 10,000. Throws `MadangError`. */
  loadMembers(): Promise<void>;
  /** {@link MessageList.markRead} of {@link RoomView.messages}. */
  markRead(): void;
  /**
   * Adds the user's emoji to a message, or removes it. The change shows at once, and is undone if the server refuses. Throws
   * `MadangError`: `conflict` if the message was deleted or has 20 different ones.
   */
  react(message: string, emoji: string, isAdded: boolean): Promise<void>;
  /** The user is typing here. Call it for each key; it is sent every 3 s. */
  typing(): void;
}
