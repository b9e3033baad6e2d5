import type { Room } from '@madang/protocol';
import { DoorOpen, SearchX } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { goToRooms } from '../../state/history.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { showToast } from '../../ui/toast.js';
import { UnsentHere } from '../unsent/unsent-here.js';
import styles from './room-preview.module.css';
import { SwipeToRooms } from './swipe-to-rooms.js';

/** A room that the caller is not in: a public one can be joined, others reveal nothing. */
export function RoomPreview({ id }: { id: string }) {
  return (
    <div className={styles.preview}>
      <Preview id={id} />
      <SwipeToRooms />
      <UnsentHere room={id} kinds={['draft', 'edit']} />
    </div>
  );
}

function Preview({ id }: { id: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const [found, setFound] = useState<Room | 'none'>();
  const [isBusy, setIsBusy] = useState(false);

  useEffect(() => {
    let isCurrent = true;
    client.call('room.get', { room: id }).then(
      ({ room }) => isCurrent && setFound(room),
      () => isCurrent && setFound('none'),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, id]);

  const join = async () => {
    setIsBusy(true);
    try {
      await client.call('room.join', { room: id });
    } catch (error) {
      showToast(errorText(t, error));
      setIsBusy(false);
    }
  };

  const home = <Button onClick={goToRooms}>{t('action.back')}</Button>;
  if (found === undefined) return <SkeletonRows count={3} />;
  if (found === 'none') {
    return (
      <Empty isPage icon={<SearchX size={28} aria-hidden />} title={t('room.goneTitle')} actions={home}>
        {t('room.goneText')}
      </Empty>
    );
  }
  return (
    <Empty
      isPage
      icon={<DoorOpen size={28} aria-hidden />}
      title={t('room.previewTitle', { name: found.name })}
      actions={
        <>
          {home}
          {found.can.join && (
            <Button tone="primary" isBusy={isBusy} onClick={() => void join()}>
              {t('room.join')}
            </Button>
          )}
        </>
      }
    >
      {found.topic || t('room.previewText')}
    </Empty>
  );
}
