import type { MessageList, MessageListState, RoomView } from '@madang/client';
import type { Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useState } from 'react';
import { useHasAttention } from '../../state/page-attention.js';
import type { Row } from './rows.js';

/** Within this distance of the end, in px, the list counts as being there. */
export const AT_END_PX = 60;

/** Whether an element is scrolled to its end, according to the page: the virtual list learns of it a frame later. */
export function isScrolledToEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight <= AT_END_PX;
}

/** Messages that stay visible for this long, in ms, count as read; those scrolled past don't. */
const SEEN_MS = 300;

/**
 * The seq after which unread messages began when the room was opened, or when the user last looked away. `forgetUnread`
 * is for after the user has sent something: then everything counts as read.
 */
export function useReadUpTo(view: RoomView, state: MessageListState, isAtEnd: boolean) {
  const hasAttention = useHasAttention();
  const [readUpTo, setReadUpTo] = useState<number>();
  const [hadAttention, setHadAttention] = useState(hasAttention);
  const isReady = state.status === 'ready';
  const newest = state.messages.findLast((each) => each.delivery === 'sent')?.seq ?? 0;

  if (readUpTo === undefined && isReady) setReadUpTo(view.unread.get().read ?? Number.MAX_SAFE_INTEGER);
  if (hadAttention !== hasAttention) {
    setHadAttention(hasAttention);
    // A user who looks away has seen everything up to here; messages that arrive meanwhile are new when they look again.
    if (!hasAttention && isReady && isAtEnd && !state.hasNewer) setReadUpTo(newest);
  }
  return { readUpTo, forgetUnread: () => setReadUpTo(Number.MAX_SAFE_INTEGER) };
}

export interface ReadMarkInput {
  list: MessageList;
  state: MessageListState;
  rows: readonly Row[];
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>;
  scroller: RefObject<HTMLElement | null>;
  isPlaced: boolean;
  isAtEnd: boolean;
}

/** Marks messages as read once they were visible: all of them at the end of the room, elsewhere up to the last visible one. */
export function useReadMark(input: ReadMarkInput): void {
  const { list, state, rows, virtualizer, scroller, isPlaced, isAtEnd } = input;
  const hasAttention = useHasAttention();
  const last = virtualizer.getVirtualItems().at(-1)?.index;
  const isSeen = isPlaced && hasAttention;

  useEffect(() => {
    const element = scroller.current;
    if (!isSeen || !element) return;
    if (!state.hasNewer && isScrolledToEnd(element)) return list.markRead();
    const timer = setTimeout(() => {
      const seq = lastInSight(rows, virtualizer, element.clientHeight);
      if (seq !== undefined) list.markRead(seq);
    }, SEEN_MS);
    return () => clearTimeout(timer);
    // The last four change as the list moves.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [list, state.hasNewer, virtualizer, scroller, isSeen, rows, isAtEnd, last, virtualizer.isScrolling]);
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
