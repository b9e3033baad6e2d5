import type { MessageList, MessageListState, RoomView } from '@madang/client';
import type { Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useState } from 'react';
import { useHasAttention } from '../../state/page-attention.js';
import { useLatest } from '../../ui/use-latest.js';
import type { Row } from './rows.js';

/** Within this distance of the end, in px, the list counts as being there. */
export const AT_END_PX = 60;

/** Whether an element is scrolled to its end, according to the page: the virtual list learns of it a frame later. */
export function isScrolledToEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight <= AT_END_PX;
}

/** Messages that stay visible for this long, in ms, count as read; those scrolled past don't. */
const SEEN_MS = 300;

/** Where unread messages begin, and whether the user knows. */
export interface Unread {
  /** Unread messages began after this seq when the room was opened, or when the user last looked away. */
  readUpTo: number | undefined;
  /** Messages may have come while the user looked away: until they have seen the first, none of them counts as read. */
  isAway: boolean;
  /** The user has seen where they begin. */
  onSeen: () => void;
  /** The user has sent something, or goes to the newest: everything counts as read. */
  forget: () => void;
}

/** Remembers where unread messages began. */
export function useUnread(view: RoomView, state: MessageListState, isAtEnd: boolean): Unread {
  const hasAttention = useHasAttention();
  const [readUpTo, setReadUpTo] = useState<number>();
  const [hadAttention, setHadAttention] = useState(hasAttention);
  const [isAway, setIsAway] = useState(false);
  const isReady = state.status === 'ready';
  const newest = state.messages.findLast((each) => each.delivery === 'sent')?.seq ?? 0;

  if (readUpTo === undefined && isReady) setReadUpTo(view.unread.get().read ?? Number.MAX_SAFE_INTEGER);
  if (hadAttention !== hasAttention) {
    setHadAttention(hasAttention);
    // A user who looks away has seen everything up to here; messages that arrive meanwhile are new when they look again.
    if (!hasAttention && isReady && isAtEnd && !state.hasNewer && !isAway) {
      setReadUpTo(newest);
      setIsAway(true);
    }
  }
  const onSeen = useCallback(() => setIsAway(false), []);
  const forget = useCallback(() => {
    setReadUpTo(Number.MAX_SAFE_INTEGER);
    setIsAway(false);
  }, []);
  return { readUpTo, isAway, onSeen, forget };
}

export interface ReadMarkInput {
  list: MessageList;
  state: MessageListState;
  rows: readonly Row[];
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>;
  scroller: RefObject<HTMLElement | null>;
  isPlaced: boolean;
  isAtEnd: boolean;
  unread: Unread;
}

type FirstUnreadInput = Pick<ReadMarkInput, 'rows' | 'state' | 'unread' | 'virtualizer'>;

/** Marks messages as read once they were visible: all of them at the end of the room, elsewhere up to the last visible one. */
export function useReadMark(input: ReadMarkInput): void {
  const { list, state, rows, virtualizer, scroller, isPlaced, isAtEnd } = input;
  const { isAway, onSeen } = input.unread;
  const hasAttention = useHasAttention();
  const last = virtualizer.getVirtualItems().at(-1)?.index;
  const isSeen = isPlaced && hasAttention;
  const latest = useLatest(input);

  useEffect(() => {
    if (!isSeen || !isAway) return undefined;
    // However much arrives meanwhile.
    const timer = setInterval(() => {
      if (!isFirstUnreadAbove(latest.current)) onSeen();
    }, SEEN_MS);
    return () => clearInterval(timer);
  }, [isSeen, isAway, onSeen, latest]);

  useEffect(() => {
    const element = scroller.current;
    if (!isSeen || isAway || !element) return;
    if (!state.hasNewer && isScrolledToEnd(element)) return list.markRead();
    const timer = setTimeout(() => {
      const seq = lastInSight(rows, virtualizer, element.clientHeight);
      if (seq !== undefined) list.markRead(seq);
    }, SEEN_MS);
    return () => clearTimeout(timer);
    // The last four change as the list moves.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [list, state.hasNewer, virtualizer, scroller, isSeen, isAway, rows, isAtEnd, last, virtualizer.isScrolling]);
}

/** Whether the first unread message is above what is visible, or not even loaded. */
export function isFirstUnreadAbove({ rows, state, unread, virtualizer }: FirstUnreadInput): boolean {
  const { messages, hasOlder } = state;
  const index = rows.findIndex((row) => row.kind === 'unread');
  if (index < 0) return hasOlder && (messages[0]?.seq ?? 0) > (unread.readUpTo ?? Infinity);
  return (virtualizer.measurementsCache[index]?.end ?? Infinity) <= (virtualizer.scrollOffset ?? 0);
}

/** The seq of the last message that is visible: entirely, or over half of the list's height. */
function lastInSight(
  rows: readonly Row[],
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>,
  height: number,
): number | undefined {
  const bottom = (virtualizer.scrollOffset ?? 0) + height;
  const item = virtualizer
    .getVirtualItems()
    .findLast(({ start, size }) => start + Math.min(size, height / 2) <= bottom);
  const row = rows.slice(0, (item?.index ?? -1) + 1).findLast(isSent);
  return row?.kind === 'message' ? row.message.seq : undefined;
}

function isSent(row: Row): boolean {
  return row.kind === 'message' && row.message.delivery === 'sent';
}
