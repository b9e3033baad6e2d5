import type { Room } from '@madang/protocol';
import { BellOff, CircleAlert, PencilLine } from 'lucide-react';
import { memo } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useHasRefused, useHasUnsent } from '../../state/use-unsent.js';
import { classNames } from '../../ui/class-names.js';
import { isMuted } from './order-rooms.js';
import { RoomIcon } from './room-icon.js';
import { roomTitle } from './room-title.js';
import styles from './sidebar.module.css';

/** A room in the list, with what is unread in it. */
export const RoomRow = memo(function RoomRow({ room, isCurrent }: { room: Room; isCurrent: boolean }) {
  const { t } = useTexts();
  const title = roomTitle(t, room);
  const { unread = 0, mentions = 0 } = room;
  const muted = isMuted(room);
  return (
    <li>
      <a
        href={`#/r/${room.id}`}
        className={classNames(styles.room, unread > 0 && !muted && styles.unread, muted && styles.muted)}
        aria-current={isCurrent ? 'page' : undefined}
        aria-haspopup="menu"
        data-room={room.id}
      >
        <RoomIcon room={room} title={title} />
        <span className={styles.title} title={title}>
          {title}
        </span>
        {room.kind === 'private' && <span className="visually-hidden">{t('room.privateRoom')}</span>}
        {muted && (
          <span className={styles.unsent} title={t('room.muted')}>
            <BellOff size={14} aria-hidden />
            <span className="visually-hidden">{t('room.muted')}</span>
          </span>
        )}
        <UnsentSign room={room.id} />
        {mentions > 0 && <Badge isMention count={mentions} label={t('room.mentions', { count: mentions })} />}
        {unread > 0 && <Badge count={unread} label={t('room.unread', { count: unread })} />}
      </a>
    </li>
  );
});

/** Tells that the user has written something there that was refused, or is not sent. */
function UnsentSign({ room }: { room: string }) {
  const { t } = useTexts();
  const hasRefused = useHasRefused(room);
  const hasUnsent = useHasUnsent(room);
  if (!hasRefused && !hasUnsent) return null;
  const words = t(hasRefused ? 'unsent.refusedSign' : 'unsent.sign');
  return (
    <span className={classNames(styles.unsent, hasRefused && styles.refused)} title={words}>
      {hasRefused ? <CircleAlert size={16} aria-hidden /> : <PencilLine size={15} aria-hidden />}
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

/** A number of messages, with its words for a screen reader. */
export function Badge({ count, label, isMention = false }: { count: number; label: string; isMention?: boolean }) {
  return (
    <span className={classNames(styles.badge, isMention && styles.mention)}>
      <span aria-hidden>
        {isMention && '@'}
        {count > 99 ? '99+' : count}
      </span>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
