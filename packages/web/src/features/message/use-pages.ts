import type { MessageList, MessageListState } from '@madang/client';
import { useEffect, useState } from 'react';
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

/** What there is before the oldest message that is loaded. */
export interface OlderPages {
  hasOlder: boolean;
  /** `offline` and `failed`: the reader is near the upper end, and nothing is on its way. */
  state: 'idle' | 'loading' | 'offline' | 'failed';
  /** Loads the next page now. */
  load: () => void;
}

/** Loads pages before the oldest and after the newest message while there is still something to read there. */
export function usePages({ list, state, isPlaced, above, below }: PagesInput): OlderPages {
  const { hasOlder, loadingOlder, hasNewer, loadingNewer } = state;
  const older = usePage(() => list.loadOlder(), isPlaced && hasOlder && above < ROWS_LEFT, loadingOlder, above);
  usePage(() => list.loadNewer(), isPlaced && hasNewer && below < ROWS_LEFT, loadingNewer, below);
  if (loadingOlder) return { hasOlder, state: 'loading', load: older.load };
  return { hasOlder, state: isPlaced && hasOlder && above === 0 ? older.state : 'idle', load: older.load };
}

function usePage(
  load: () => Promise<void>,
  isNear: boolean,
  isLoading: boolean,
  rowsLeft: number,
): { state: 'idle' | 'offline' | 'failed'; load: () => void } {
  const connection = useObservable(useClient().state);
  const isOnline = connection.status === 'online';
  const isWanted = isNear && isOnline;
  const [failed, setFailed] = useState<{ rowsLeft: number; connection: object }>();
  // After a failure, the page is loaded again when the user scrolls or asks for it, or after the next connect.
  const hasFailed = failed?.rowsLeft === rowsLeft && failed.connection === connection;

  const loadNow = () => {
    setFailed(undefined);
    load().catch(() => setFailed({ rowsLeft, connection }));
  };
  useEffect(() => {
    if (isWanted && !isLoading && !hasFailed) loadNow();
    // A new function for the same list is not a reason to load.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isWanted, isLoading, connection, rowsLeft]);
  return { state: isOnline ? (hasFailed ? 'failed' : 'idle') : 'offline', load: loadNow };
}
