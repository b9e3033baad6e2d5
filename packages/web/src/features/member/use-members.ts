import type { RoomView } from '@madang/client';
import { useCallback, useEffect, useState } from 'react';
import { useClient, useObservable } from '../../state/client-provider.js';

/** Why a room's members could not be loaded, with a way to try again. */
export interface MembersFailure {
  error: unknown;
  retry: () => void;
}

/** Loads a room's members while they are shown, and again after each reconnection. Returns what went wrong last. */
export function useMembers(view: RoomView, areShown: boolean): MembersFailure | undefined {
  const { status } = useObservable(useClient().state);
  const [failed, setFailed] = useState<{ error: unknown }>();
  const load = useCallback(() => {
    view.loadMembers().then(
      () => setFailed(undefined),
      (error: unknown) => setFailed({ error }),
    );
  }, [view]);
  useEffect(() => {
    if (areShown && status === 'online') load();
  }, [load, areShown, status]);
  return failed && { ...failed, retry: load };
}
