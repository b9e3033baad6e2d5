import { useEffect } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useRooms } from '../../state/client-provider.js';
import { unreadIn } from './order-rooms.js';
import { roomTitle } from './room-title.js';

/** The page's title: `(3) 로비 · 마당`, the unread count and the place. */
export function useDocumentTitle(current: string | undefined): void {
  const { t } = useTexts();
  const rooms = useRooms();
  const room = rooms.find((each) => each.id === current);
  const unread = unreadIn(rooms);
  const place = room ? `${roomTitle(t, room)} · ${t('app.name')}` : t('app.name');
  const title = unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${place}` : place;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
