import type { EventName, MemberRole, NotificationLevel, RoomKind, User } from '@madang/protocol';
import { editedAsJson } from './content.js';
import type { Dialect } from './dialect.js';
import type { MessageRow } from './queries/messages.js';

/** The rows of every table. Times are in ms since 1970. Names that look alike share a `name_key`. */
export interface Schema {
  meta: { key: string; value: string };
  users: {
    id: string;
    kind: User['kind'];
    name: string;
    created_at: number;
    last_seen_at: number;
    /** Set for users of the app: no guest can have this name, or one that looks like it. Null for others. */
    name_key: string | null;
    /** The name in lower case, by which a mention finds it. */
    search_name: string;
    /** The sections of their list of rooms as JSON, `[{ id, name }]`; null if they have none. */
    sections: string | null;
  };
  /** Who holds a nickname, and until when unless they return. */
  names: { name_key: string; user_id: string; held_until: number };
  sessions: { token_hash: string; user_id: string; created_at: number; last_used_at: number };
  rooms: {
    id: string;
    kind: RoomKind;
    name: string;
    /** The name's `searchKey`. */
    search_name: string;
    topic: string;
    created_at: number;
    creator_id: string | null;
    client_id: string | null;
    /** Unique among rooms: a public room's name, a direct room's pair. */
    unique_key: string | null;
    head: number;
    /** Up to this seq, log entries, messages and reactions are no longer kept; 0 if everything is. */
    log_start: number;
    member_count: number;
    /** 1 if one of the two in a direct room blocks the other. */
    blocked: number;
  };
  members: {
    room_id: string;
    user_id: string;
    role: MemberRole;
    joined_at: number;
    joined_seq: number;
    /** Who brought them in; null if they joined on their own. */
    added_by: string | null;
    /** The room is hidden from them until a message comes after this seq; null if it isn't hidden. */
    hidden_seq: number | null;
    /** 1 if it is one of their favorites, else 0. */
    favorite: number;
    /** The id of their section that it is in; null if it is in none. */
    section: string | null;
    /** What calls for their attention; null for all of it. */
    level: NotificationLevel | null;
  };
  /** `user_id` has blocked `blocked_id`. */
  blocks: { user_id: string; blocked_id: string; at: number };
  /** How far users have read rooms, and when they got there. */
  reads: { user_id: string; room_id: string; seq: number; at: number };
  events: {
    room_id: string;
    seq: number;
    name: EventName;
    at: number;
    actor_id: string;
    actor_name: string;
    /**
     * The event's own fields as JSON. The content in `message.created` is the message's current one; an edit's payload
     * has none.
     */
    payload: string;
    /** The message that the event is about, unless this event created it. */
    message_seq: number | null;
  };
  messages: MessageRow;
  reactions: {
    room_id: string;
    message_seq: number;
    emoji: string;
    user_id: string;
    user_name: string;
    at: number;
  };
  /**
   * How far a reader of the log has come in a room, and which log start it has obeyed. Its own rows have come equally
   * far.
   */
  reader_cursors: { reader: string; room_id: string; seq: number; log_start: number };
  /** Which process may do some work now, until when by the database's clock. */
  leases: { name: string; holder: string; expires_at: number };
  /**
   * The running number of a room's messages, deleted ones included, at the end of a block of its log: of all messages where
   * `author_id` is empty, else of that author's. A block without a message has no row. See `queries/unread.ts`.
   */
  message_numbers: { room_id: string; author_id: string; block: number; number: number };
  /** Messages by whom they mention, but for their authors. */
  mentions: { room_id: string; seq: number; user_id: string };
}

/** A row of `events`. An edit has its message's current content as JSON; null if the message has none any more. */
export type EventRecord = Schema['events'] & { edited_content: string | null };

/** The columns of an {@link EventRecord}. Other events cost nothing extra. */
export function eventColumns(dialect: Dialect): string {
  return `events.*, CASE WHEN events.name = 'message.edited' THEN (SELECT ${editedAsJson(dialect)} FROM messages
    WHERE messages.room_id = events.room_id AND messages.seq = events.message_seq AND messages.deleted_at IS NULL)
    END AS edited_content`;
}
