import { DoorOpen, SearchX } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorCode, errorText } from '../../state/error-text.js';
import { goToRooms } from '../../state/history.js';
import { useAnswer } from '../../state/use-answer.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';
import { PartFailure } from '../../ui/part.js';
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

/** What the server answers of a room that the caller may not know of. */
const HIDDEN = new Set(['not_found', 'forbidden', 'invalid_input']);

function Preview({ id }: { id: string }) {
  const { t } = useTexts();
  const client = useClient();
  const found = useAnswer((each) => each.call('room.get', { room: id }));
  const [isBusy, setIsBusy] = useState(false);

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
  if (found.error !== undefined) {
    if (!HIDDEN.has(errorCode(found.error)))
      return (
        <PartFailure text={errorText(t, found.error)} onRetry={found.retry}>
          <Button size="small" onClick={goToRooms}>
            {t('action.back')}
          </Button>
        </PartFailure>
      );
    return (
      <Empty isPage icon={<SearchX size={28} aria-hidden />} title={t('room.goneTitle')} actions={home}>
        {t('room.goneText')}
      </Empty>
    );
  }
  if (!found.answer) return <SkeletonRows count={3} />;
  const { room } = found.answer;
  return (
    <Empty
      isPage
      icon={<DoorOpen size={28} aria-hidden />}
      title={t('room.previewTitle', { name: room.name })}
      actions={
        <>
          {home}
          {room.can.join && (
            <Button tone="primary" isBusy={isBusy} onClick={() => void join()}>
              {t('room.join')}
            </Button>
          )}
        </>
      }
    >
      {room.topic || t('room.previewText')}
    </Empty>
  );
}
