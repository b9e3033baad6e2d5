import type { MessageList, MessageListState } from '@madang/client';
import { useEffect, useRef } from 'react';
import { useClient, useObservable } from '../../state/client-provider.js';

/** A page is loaded when this many rows or fewer are left in its direction. */
const ROWS_LEFT = 20;

export interface PagesInput {
  list: MessageList;
  state: MessageListState;
  /** True once the list is at its first position. */
  isPlaced: boolean;
  /** The number of rows above and below those in the page. */
  above: number;
  below: number;
}

/** Loads pages before the oldest and after the newest message while there is still something to read there. */
export function usePages({ list, state, isPlaced, above, below }: PagesInput): void {
  usePage(() => list.loadOlder(), isPlaced && state.hasOlder && above < ROWS_LEFT, state.loadingOlder, above);
  usePage(() => list.loadNewer(), isPlaced && state.hasNewer && below < ROWS_LEFT, state.loadingNewer, below);
}

function usePage(load: () => Promise<void>, isNear: boolean, isLoading: boolean, rowsLeft: number): void {
  const connection = useObservable(useClient().state);
  const isWanted = isNear && connection.status === 'online';
  const failed = useRef<{ rowsLeft: number; connection: object }>(undefined);

  useEffect(() => {
    if (!isWanted || isLoading) return;
    // What failed here is not tried again until the user scrolls, or there is a new connection.
    if (failed.current?.rowsLeft === rowsLeft && failed.current.connection === connection) return;
    load().catch(() => {
      failed.current = { rowsLeft, connection };
    });
    // A new function for the same list is not a reason to load.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isWanted, isLoading, connection, rowsLeft]);
}
