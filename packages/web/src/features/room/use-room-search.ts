import type { Room } from '@madang/protocol';
import { useCallback, useEffect, useState } from 'react';
import { useClient } from '../../state/client-provider.js';

const TYPING_PAUSE_MS = 200;

interface Found {
  search: string;
  rooms: readonly Room[];
  hasMore: boolean;
}

/**
 * The public rooms whose names contain the search, page by page; `rooms` is undefined until the first answer. Asks again
 * after the next connect if that failed, or when `retry` is called.
 */
export function useRoomSearch(search: string) {
  const client = useClient();
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  // Composed, so that the server's limit counts letters.
  const words = search.normalize('NFC').trim().slice(0, 50);

  useEffect(() => {
    let isCurrent = true;
    const find = async () => {
      try {
        const { rooms, more } = await client.call('room.list', words === '' ? {} : { search: words });
        if (!isCurrent) return;
        setError(undefined);
        setFound({ search: words, rooms: rooms.filter(isPublic), hasMore: more });
      } catch (thrown) {
        if (isCurrent) setError(thrown);
      }
    };
    const timer = setTimeout(() => void find(), words === '' ? 0 : TYPING_PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- another attempt asks the same again
  }, [client, words, attempt]);

  const retry = useCallback(() => {
    setError(undefined);
    setAttempt((count) => count + 1);
  }, []);
  const hasFailed = error !== undefined;
  useEffect(() => {
    if (!hasFailed) return undefined;
    return client.state.subscribe(() => client.state.get().status === 'online' && retry());
  }, [client, hasFailed, retry]);

  const loadMore = () => {
    const after = found?.rooms.at(-1)?.id;
    if (!found || after === undefined) return;
    client
      .call('room.list', { after, ...(found.search !== '' && { search: found.search }) })
      .then(
        ({ rooms, more }) => setFound({ ...found, rooms: [...found.rooms, ...rooms.filter(isPublic)], hasMore: more }),
        setError,
      );
  };

  return { rooms: found?.rooms, hasMore: found?.hasMore ?? false, error, loadMore, retry };
}

function isPublic(room: Room): boolean {
  return room.kind === 'public';
}
