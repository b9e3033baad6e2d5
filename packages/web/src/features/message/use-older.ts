import type { RoomView } from '@madang/client';
import { useEffect, useRef } from 'react';
import { useClient, useObservable } from '../../state/client-provider.js';

/** Older messages are loaded when this many rows or fewer are left above. */
const ROWS_LEFT = 20;

export interface OlderInput {
  /** True once the list is at its first position. */
  isPlaced: boolean;
  hasOlder: boolean;
  isLoading: boolean;
  /** The index of the topmost row in the page. */
  firstIndex: number;
}

/** Loads the page before the oldest message while there is still something to read above. */
export function useOlder(view: RoomView, { isPlaced, hasOlder, isLoading, firstIndex }: OlderInput): void {
  const connection = useObservable(useClient().state);
  const isWanted = isPlaced && hasOlder && firstIndex < ROWS_LEFT && connection.status === 'online';
  const failed = useRef<{ firstIndex: number; connection: object }>(undefined);

  useEffect(() => {
    if (!isWanted || isLoading) return;
    // What failed here is not tried again until the user scrolls, or there is a new connection.
    if (failed.current?.firstIndex === firstIndex && failed.current.connection === connection) return;
    view.loadOlder().catch(() => {
      failed.current = { firstIndex, connection };
    });
  }, [view, isWanted, isLoading, connection, firstIndex]);
}
