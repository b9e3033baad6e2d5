import type { Room } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { BlockedNote } from '../block/blocked-note.js';
import { UnsentHere } from '../unsent/unsent-here.js';
import styles from './closed-composer.module.css';

/** In the composer's place, where the caller may not write. What they had written there is shown, to be copied. */
export function ClosedComposer({ room }: { room: Room }) {
  const { t } = useTexts();
  return (
    <>
      <UnsentHere room={room.id} kinds={['draft']} />
      {room.blocked && room.peer ? (
        <BlockedNote user={room.peer} />
      ) : (
        <p className={styles.note} role="status">
          {t('message.closed')}
        </p>
      )}
    </>
  );
}
