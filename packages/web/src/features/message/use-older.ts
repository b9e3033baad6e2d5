import type { RoomView } from '@madang/client';
import { useEffect, useRef } from 'react';
import { useClient, useObservable } from '../../state/client-provider.js';

/** Older messages are asked for when so many rows or fewer are left above. */
const ROWS_LEFT = 20;

export interface OlderInput {
  /** Not before the list stands where it begins. */
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
    // What failed at this place is not asked for again until the reader moves, or the connection is a new one.
    if (failed.current?.firstIndex === firstIndex && failed.current.connection === connection) return;
    view.loadOlder().catch(() => {
      failed.current = { firstIndex, connection };
    });
  }, [view, isWanted, isLoading, connection, firstIndex]);
}
