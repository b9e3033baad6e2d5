import type { Observable, Room } from '@madang/client';
import { Hand, History } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import styles from './beginning.module.css';

/** The top of a conversation: the beginning of the room. */
export function Beginning({ room: slice, title }: { room: Observable<Room | undefined>; title: string }) {
  const { t } = useTexts();
  const room = useObservable(slice);
  const isDirect = room?.kind === 'direct';
  return (
    <div className={styles.beginning}>
      <span className={styles.icon}>
        <Hand size={24} aria-hidden />
      </span>
      <h2>{t(isDirect ? 'room.startDirectTitle' : 'room.startTitle', { name: title })}</h2>
      <p>{room?.topic || t(isDirect ? 'room.startDirectText' : 'room.startText')}</p>
    </div>
  );
}

/** The top of a conversation whose older messages retention has removed. */
export function Cut() {
  const { t } = useTexts();
  return (
    <div className={styles.beginning} data-testid="cut">
      <span className={styles.icon}>
        <History size={24} aria-hidden />
      </span>
      <h2>{t('room.cutTitle')}</h2>
      <p>{t('room.cutText')}</p>
    </div>
  );
}
