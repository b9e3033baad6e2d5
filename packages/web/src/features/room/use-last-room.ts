import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useClient } from '../../state/client-provider.js';
import { lastRoom } from '../../state/last-room.js';

/** Whether the page was opened without saying at which room, or at the list of rooms. */
let isUnsaid = location.hash === '';

/** Where the list of rooms is a page of its own, the web client opens in the last room; "back" leads to the list. */
export function useLastRoom(isPhone: boolean): void {
  const client = useClient();
  const [, go] = useLocation();
  useEffect(() => {
    const begin = () => {
      const rooms = client.rooms.get();
      if (!isUnsaid || rooms.length === 0) return;
      isUnsaid = false;
      const last = lastRoom();
      if (isPhone && location.hash === '' && rooms.some(({ id }) => id === last)) go(`/r/${last}`);
    };
    begin();
    return client.rooms.subscribe(begin);
  }, [client, isPhone, go]);
}
