import type { Range } from '@tanstack/react-virtual';
import { useEffect, useReducer, useState } from 'react';

/** How many rows may come into the page within a pause, unless more are in sight. */
const MOST_ADDED = 12;

/** So many rows out of sight come with those in sight: the heights of rows are only guessed until they are in the page. */
const LEAST_BEYOND = 4;

/** After this pause, in ms, the next rows are added: not in the next frame, which may bring another screen of rows. */
const PAUSE_MS = 25;

/**
 * Which rows are in the page: those in sight, and some beyond them on both sides. One turn of the wheel may bring a whole
 * screen of rows; those beyond are added a few at a time then, so that no frame takes long.
 */
export class RowsInPage {
  #keys: ReadonlySet<unknown> = new Set();
  /** How many more may be added before the next pause. */
  #left = MOST_ADDED;
  #isPartial = false;

  /** The indexes of the rows to render. */
  extract({ startIndex, endIndex, overscan, count }: Range, keyOf: (index: number) => unknown): number[] {
    const indexes: number[] = [];
    let added = 0;
    for (let index = startIndex; index <= endIndex; index += 1) {
      indexes.push(index);
      if (!this.#keys.has(keyOf(index))) added += 1;
    }
    const most = this.#left === 0 ? 0 : Math.max(this.#left, added + LEAST_BEYOND);
    this.#isPartial = false;
    for (let beyond = 1; beyond <= overscan; beyond += 1) {
      for (const index of [endIndex + beyond, startIndex - beyond]) {
        if (index < 0 || index >= count) continue;
        const isNew = !this.#keys.has(keyOf(index));
        if (isNew && added >= most) this.#isPartial = true;
        else indexes.push(index);
        if (isNew) added += 1;
      }
    }
    return indexes;
  }

  /** Whether rows beyond those in sight are still to be added. */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  /** The rows that are in the page now, by their keys. */
  rendered(keys: readonly unknown[]): void {
    const added = keys.filter((key) => !this.#keys.has(key)).length;
    this.#keys = new Set(keys);
    if (added === 0) return;
    if (this.#left === MOST_ADDED) setTimeout(() => (this.#left = MOST_ADDED), PAUSE_MS);
    this.#left = Math.max(0, this.#left - added);
  }
}

/** The rows in the page. Renders the component again until all are there; it has to tell what it has rendered. */
export function useRowsInPage(): RowsInPage {
  const [inPage] = useState(() => new RowsInPage());
  const [, render] = useReducer((count: number) => count + 1, 0);
  // oxlint-disable-next-line react/exhaustive-deps -- after each render, which may have left some
  useEffect(() => {
    if (!inPage.isPartial) return undefined;
    const timer = setTimeout(render, PAUSE_MS);
    return () => clearTimeout(timer);
  });
  return inPage;
}
