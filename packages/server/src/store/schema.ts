import type { EventName, MemberRole, RoomKind, User } from '@madang/protocol';

/** The rows of every table. Times are ms since the epoch; `name_key` is what names that look alike share. */
export interface Schema {
  meta: { key: string; value: string };
  users: {
    id: string;
    kind: User['kind'];
    name: string;
    created_at: number;
    last_seen_at: number;
    /** Of the app's users: no guest can have this name, nor one that looks like it. Null for others. */
    name_key: string | null;
  };
  /** Who holds a nickname, and until when if they don't come back. */
  names: { name_key: string; user_id: string; held_until: number };
  sessions: { token_hash: string; user_id: string; created_at: number; last_used_at: number };
  rooms: {
    id: string;
    kind: RoomKind;
    name: string;
    /** The name in lower case, for searching. */
    search_name: string;
    topic: string;
    created_at: number;
    creator_id: string | null;
    client_id: string | null;
    /** What at most one room may have: a public room's name, a direct room's pair. */
    unique_key: string | null;
    head: number;
    /** Up to this seq the log, its messages and their reactions are no longer kept; 0 while all of it is. */
    log_start: number;
    member_count: number;
    /** 1 while one of the two of a direct room blocks the other. */
    blocked: number;
  };
  members: {
    room_id: string;
    user_id: string;
    role: MemberRole;
    joined_at: number;
    joined_seq: number;
    /** Who brought them in; null if they came themselves. */
    added_by: string | null;
    /** The room is hidden from them while it has no message after this seq; null if it isn't. */
    hidden_seq: number | null;
  };
  /** `user_id` wants nothing of `blocked_id`. */
  blocks: { user_id: string; blocked_id: string; at: number };
  /** How far users have read rooms, and when they came that far. */
  reads: { user_id: string; room_id: string; seq: number; at: number };
  events: {
    room_id: string;
    seq: number;
    name: EventName;
    at: number;
    actor_id: string;
    actor_name: string;
    /** The event's own fields as JSON; the `text` of a message that it makes is the message's of now, and an edit has none. */
    payload: string;
    /** The message that the event is about, unless it is the one that made it. */
    message_seq: number | null;
  };
  messages: {
    room_id: string;
    seq: number;
    author_id: string;
    author_name: string;
    text: string;
    at: number;
    client_id: string | null;
    edited_at: number | null;
    deleted_at: number | null;
  };
  reactions: {
    room_id: string;
    message_seq: number;
    emoji: string;
    user_id: string;
    user_name: string;
    at: number;
  };
}

/** A row of `events`; an edit's with the text that its message has now, empty where it has none any more. */
export type EventRecord = Schema['events'] & { edited_text: string | null };

/** The columns of an {@link EventRecord}. Other events cost nothing by it. */
export const EVENT_COLUMNS = `events.*, CASE WHEN events.name = 'message.edited' THEN coalesce((SELECT messages.text
  FROM messages WHERE messages.room_id = events.room_id AND messages.seq = events.message_seq), '') END AS edited_text`;
