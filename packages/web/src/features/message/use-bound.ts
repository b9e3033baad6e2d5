import type { MessageList } from '@madang/client';
import type { Virtualizer } from '@tanstack/react-virtual';
import { useEffect } from 'react';
import { useLatest } from '../../ui/use-latest.js';
import type { Row } from './rows.js';

/** Once more rows than this are above or below those in sight, only some of them are kept. */
const MOST_ROWS = 1000;
const KEPT_ROWS = 500;

export interface BoundInput {
  list: MessageList;
  rows: readonly Row[];
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>;
  /** True once the list is at its first position. */
  isPlaced: boolean;
  /** The indexes of rows that have to stay, such as those with an open editor. As long as one would be dropped, nothing is. */
  needed: readonly number[];
}

/** Bounds what is loaded, however long a room goes on or somebody scrolls: drops what is far out of sight, at rest. */
export function useBound(input: BoundInput): void {
  const { rows, virtualizer, isPlaced, needed } = input;
  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {};
  const isLongAbove = startIndex > MOST_ROWS;
  const isLongBelow = rows.length - 1 - endIndex > MOST_ROWS;
  const from = isLongAbove ? startIndex - KEPT_ROWS : 0;
  const to = isLongBelow ? endIndex + KEPT_ROWS : rows.length - 1;
  const isTooLong =
    (isLongAbove || isLongBelow) &&
    isPlaced &&
    !virtualizer.isScrolling &&
    needed.every((index) => index >= from && index <= to);
  const latest = useLatest({ ...input, from, to });

  useEffect(() => {
    if (!isTooLong) return;
    const now = latest.current;
    const kept = now.rows.slice(now.from, now.to + 1).filter(isSent);
    const [first, last] = [kept[0], kept.at(-1)];
    if (!first || !last) return;
    // The list remembers the heights of all rows that it ever had; those of the rows that are left are known elsewhere.
    now.virtualizer.measure();
    now.list.keep(first.message.seq, isLongBelow ? last.message.seq : undefined);
  }, [isTooLong, isLongBelow, latest]);
}

function isSent(row: Row): row is Extract<Row, { kind: 'message' }> {
  return row.kind === 'message' && row.message.delivery === 'sent';
}
