import type { ConnectionState } from '@madang/client';
import { useEffect, useState } from 'react';
import { useClient, useObservable } from './client-provider.js';

/** Shorter interruptions are not announced, in ms: they end on their own. */
const QUIET_MS = 1000;

/** Why there is no connection; undefined while there is one, or may still be in a moment. */
export type Interruption = Extract<ConnectionState, { status: 'offline' | 'reconnecting' }>;

/** The connection's interruption, once it has lasted long enough to be told. */
export function useInterruption(): Interruption | undefined {
  const state = useObservable(useClient().state);
  const isBroken = state.status === 'reconnecting' || state.status === 'offline';
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (!isBroken) return undefined;
    const timer = setTimeout(() => setIsLong(true), QUIET_MS);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [isBroken]);
  return isBroken && isLong ? state : undefined;
}
