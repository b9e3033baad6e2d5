import type { MessageList } from '@madang/client';
import { CloudOff } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import { goToRooms } from '../../state/history.js';
import { useInterruption } from '../../state/use-interruption.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import styles from './room-screen.module.css';

const swipe = lazyPart(
  () => import('./swipe-to-rooms.js'),
  'SwipeToRooms',
  () => null,
);

/** Shown until the server has told of a room that this device does not know. Says so if there is no connection, or no answer. */
export function RoomWaiting({ list }: { list: MessageList }) {
  const { t } = useTexts();
  const interruption = useInterruption();
  const { error } = useObservable(list);
  if (!interruption && !error) {
    return (
      <div className={styles.waiting} role="status" aria-busy aria-label={t('app.loading')}>
        <SkeletonRows count={7} hasAvatar />
      </div>
    );
  }
  return (
    <div className={styles.screen}>
      <div className={styles.main}>
        <Empty
          isPage
          icon={<CloudOff size={28} aria-hidden />}
          title={t(interruption ? 'room.unreachableTitle' : 'room.notLoadedTitle')}
          actions={<Button onClick={goToRooms}>{t('action.back')}</Button>}
        >
          {t(interruption ? 'room.unreachableText' : 'message.notLoaded')}
        </Empty>
      </div>
      <swipe.View fallback={null} />
    </div>
  );
}
