import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';
import type { OpenedList } from '../room/room-screen.js';
import type { Row } from './rows.js';

/** A list that has not moved for this many frames has arrived. */
const STILL_FRAMES = 4;

/**
 * Scrolls once, when the first page is loaded, to the first unread message, to a given one, or to the end. `isPlaced` is
 * true once the list has arrived there. Until then no page may be inserted above, because the virtual list scrolls to a
 * row by its index. `isAtUnread` tells whether there was an unread message.
 */
export function useFirstPlace(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  at: OpenedList['at'],
  place: (index: number | undefined) => void,
): { isPlaced: boolean; isAtUnread: boolean } {
  const [target, setTarget] = useState<'unread' | 'end'>();
  const [isPlaced, setIsPlaced] = useState(false);
  const isReady = rows.length > 0;

  useLayoutEffect(() => {
    if (!isReady) return;
    const index = firstIndex(rows, at);
    place(index > 0 ? index : undefined);
    setTarget(index > 0 && at === 'unread' ? 'unread' : 'end');
    // Once: later rows don't move the place that somebody reads at.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isReady]);

  useEffect(() => {
    const element = scroller.current;
    if (target === undefined || !element) return undefined;
    return whenStill(element, () => {
      // A list that needed no scrolling still believes to be where it was expected to begin.
      element.dispatchEvent(new Event('scroll'));
      setIsPlaced(true);
    });
  }, [scroller, target]);

  return { isPlaced, isAtUnread: target === 'unread' };
}

/** The index of the row at which a list is opened; below 1 for its end. */
export function firstIndex(rows: readonly Row[], at: OpenedList['at']): number {
  if (typeof at === 'number') return indexOfMessage(rows, at);
  return at === 'unread' ? rows.findIndex((row) => row.kind === 'unread') : -1;
}

/** The index of a message's row; -1 if it is not there. */
export function indexOfMessage(rows: readonly Row[], seq: number): number {
  return rows.findIndex((row) => row.kind === 'message' && row.message.seq === seq);
}

/** Calls `done` once an element no longer moves or grows, unless the returned function is called first. */
function whenStill(element: HTMLElement, done: () => void): () => void {
  let before = '';
  let still = 0;
  const look = () => {
    const now = `${element.scrollTop} ${element.scrollHeight}`;
    still = now === before ? still + 1 : 0;
    before = now;
    if (still < STILL_FRAMES) frame = requestAnimationFrame(look);
    else done();
  };
  let frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}
