import type { Activity, ViewMessage } from '@madang/client';
import { dayOf, daySpan } from '../../state/format-time.js';

/** One row of the conversation. `key` stays the same while the row means the same: it anchors the list. */
export type Row =
  | { kind: 'beginning'; key: string }
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'activity'; key: string; at: number; items: readonly Activity[] }
  | MessageRow;

interface MessageRow {
  kind: 'message';
  key: string;
  at: number;
  message: ViewMessage;
  /** It shows its author and time. */
  isFirst: boolean;
}

export interface RowsInput {
  messages: readonly ViewMessage[];
  activity: readonly Activity[];
  hasOlder: boolean;
  hasNewer: boolean;
  /** The seq up to which everything was read when the room was opened; undefined for no line. */
  readUpTo: number | undefined;
  userId: string;
  /**
   * Keys of messages that were once the oldest loaded. They keep their author's name when older ones appear above them,
   * since a row that shrinks then would make the text jump.
   */
  pageStarts: ReadonlySet<string>;
}

/** After a pause of this length, in ms, the author's name and the time are shown again. */
const GROUP_MS = 5 * 60_000;

/**
 * Orders messages and the activity between them, and adds the days and the line before the unread ones. As long as
 * there are older messages, the first row is a message, because that row anchors the list while they are inserted above
 * it. A message that has not changed has the same row as before: thousands may be loaded, and each new one builds all rows.
 */
export function buildRows(input: RowsInput): Row[] {
  const { messages, hasOlder, pageStarts } = input;
  const rows: Row[] = hasOlder ? [] : [{ kind: 'beginning', key: 'beginning' }];
  const unread = firstUnread(input);
  let last: Row | undefined;
  let day: { from: number; to: number } | undefined;
  const push = (row: Row) => {
    rows.push(row);
    last = row;
  };
  for (const entry of inOrder(messages, shownActivity(input))) {
    if (!day || entry.at < day.from || entry.at >= day.to) {
      if (day || !hasOlder) push({ kind: 'day', key: `day ${dayOf(entry.at)}`, at: entry.at });
      day = daySpan(entry.at);
    }
    if ('delivery' in entry) {
      if (entry === unread) push({ kind: 'unread', key: 'unread' });
      const isFirst = pageStarts.has(entry.key) || !continues(last, entry);
      push(messageRow(entry, isFirst));
    } else if (last?.kind === 'activity') {
      last = { ...last, items: [...last.items, entry] };
      rows[rows.length - 1] = last;
    } else {
      push({ kind: 'activity', key: `activity ${entry.seq}`, at: entry.at, items: [entry] });
    }
  }
  return rows;
}

const messageRows = new WeakMap<ViewMessage, MessageRow>();

function messageRow(message: ViewMessage, isFirst: boolean): MessageRow {
  const before = messageRows.get(message);
  if (before?.isFirst === isFirst) return before;
  const { key, at } = message;
  const row: MessageRow = { kind: 'message', key, at, message, isFirst };
  messageRows.set(message, row);
  return row;
}

/** The first unread message; undefined if the list begins after it. */
function firstUnread({ messages, hasOlder, readUpTo, userId }: RowsInput): ViewMessage | undefined {
  if (readUpTo === undefined || (hasOlder && (messages[0]?.seq ?? 0) > readUpTo)) return undefined;
  return messages.find((each) => each.seq > readUpTo && each.author.id !== userId && each.delivery === 'sent');
}

/** Leaves out activity from before and after the loaded messages: it would appear next to them, over a gap. */
function shownActivity({ messages, activity, hasOlder, hasNewer }: RowsInput): readonly Activity[] {
  const from = (hasOlder && messages[0]?.seq) || 0;
  const to = (hasNewer && messages.at(-1)?.seq) || Infinity;
  return activity.filter((each) => each.seq > from && each.seq < to);
}

/** By seq; pending and failed messages, which have none, come last. */
function inOrder(messages: readonly ViewMessage[], activity: readonly Activity[]): (ViewMessage | Activity)[] {
  const entries: (ViewMessage | Activity)[] = [];
  let next = 0;
  for (const message of messages) {
    while (next < activity.length) {
      const each = activity[next] as Activity;
      if (message.delivery === 'sent' && each.seq > message.seq) break;
      entries.push(each);
      next++;
    }
    entries.push(message);
  }
  return [...entries, ...activity.slice(next)];
}

function continues(last: Row | undefined, message: ViewMessage): boolean {
  return (
    last?.kind === 'message' &&
    last.message.author.id === message.author.id &&
    last.message.author.name === message.author.name &&
    message.at - last.message.at < GROUP_MS
  );
}
