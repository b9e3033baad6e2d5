import type { Room } from '@madang/protocol';
import { useTranslation } from 'react-i18next';
import { BlockedNote } from '../block/blocked-note.js';
import styles from './closed-composer.module.css';

/** In the composer's place, where the caller may not write. What they had begun to write stays their draft. */
export function ClosedComposer({ room }: { room: Room }) {
  const { t } = useTranslation();
  if (room.blocked && room.peer) return <BlockedNote user={room.peer} />;
  return (
    <p className={styles.note} role="status">
      {t('message.closed')}
    </p>
  );
}
