import { elementScroll, type Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useLayoutEffect, useReducer } from 'react';
import { flushSync } from 'react-dom';
import type { PlaceKeeper } from './place-keeper.js';
import type { Row } from './rows.js';

type List = Virtualizer<HTMLDivElement, HTMLElement>;

export interface HeldPlaceInput {
  keeper: PlaceKeeper;
  scroller: RefObject<HTMLElement | null>;
  rows: readonly Row[];
  /** The places of all rows: another object as soon as one of them has another place or size. */
  places: unknown;
  /** True once the list is at its first position. */
  isPlaced: boolean;
  /** Whether new messages at the end are followed. */
  isFollowing: boolean;
}

/**
 * Keeps the list where it is on the screen whatever changes: rows, the box of the list, its width, the fonts. The virtual
 * list does so only for rows above the visible ones, and places rows a frame after they have changed their height.
 */
export function useHeldPlace({ keeper, scroller, rows, places, isPlaced, isFollowing }: HeldPlaceInput): void {
  const [, render] = useReducer((count: number) => count + 1, 0);

  useLayoutEffect(() => {
    const element = scroller.current;
    return isPlaced && element ? keeper.attach(element, () => flushSync(render)) : undefined;
  }, [keeper, scroller, isPlaced]);

  useLayoutEffect(() => {
    keeper.hold();
    keeper.follow(isFollowing);
    // Rows that come or go move others without a change of size. New ones are measured while they are committed, and the
    // render that places them follows at once.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [keeper, rows, places, isPlaced, isFollowing]);
}

/** Scrolls as the virtual list wants it, and tells the keeper why. */
export function scrollList(
  keeper: PlaceKeeper,
  offset: number,
  options: Parameters<List['options']['scrollToFn']>[1],
  list: List,
): void {
  elementScroll(offset, options, list);
  // What holds the place against a page or a measured row has no behavior; a command has one.
  if (options.adjustments === undefined && options.behavior !== undefined) keeper.release();
  else keeper.compensated();
}
