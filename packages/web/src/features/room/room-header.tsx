import type { Member, Observable } from '@madang/client';
import type { Room } from '@madang/protocol';
import { ChevronLeft, Info, Users } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { goToRooms } from '../../state/history.js';
import { IconButton } from '../../ui/icon-button.js';
import { useObservable } from '../../state/client-provider.js';
import { parts } from '../parts.js';
import { usePresenceText } from '../presence/use-presence-text.js';
import styles from './room-header.module.css';
import { RoomIcon } from './room-icon.js';

export interface RoomHeaderProps {
  room: Room;
  title: string;
  members: Observable<readonly Member[]>;
  isPhone: boolean;
  hasPeople: boolean;
  onPeople: () => void;
  onDetails: () => void;
}

/** A room's name, its topic, and the buttons for its members and details. */
export function RoomHeader({ room, title, members, isPhone, hasPeople, onPeople, onDetails }: RoomHeaderProps) {
  const { t } = useTexts();
  return (
    <header className={styles.header}>
      {isPhone && (
        <IconButton label={t('action.back')} onClick={goToRooms}>
          <ChevronLeft size={22} aria-hidden />
        </IconButton>
      )}
      <RoomIcon room={room} title={title} />
      <div className={styles.words}>
        <h1 title={title}>{title}</h1>
        {room.kind === 'direct' ? (
          <PeerPresence room={room} members={members} />
        ) : (
          <p title={room.topic || undefined}>{room.topic || t('room.members', { count: room.members })}</p>
        )}
      </div>
      <div className={styles.actions}>
        {parts.map(({ name, RoomButton }) => RoomButton && <RoomButton key={name} room={room} />)}
        {room.kind !== 'direct' && (
          <IconButton
            label={`${t(hasPeople ? 'member.hide' : 'member.show')}, ${t('room.members', { count: room.members })}`}
            count={room.members}
            aria-pressed={hasPeople}
            onClick={onPeople}
          >
            <Users size={18} aria-hidden />
          </IconButton>
        )}
        <IconButton label={t('room.details')} onClick={onDetails}>
          <Info size={19} aria-hidden />
        </IconButton>
      </div>
    </header>
  );
}

/** Whether the other user of a direct room is there, once that is known. */
function PeerPresence({ room, members }: Pick<RoomHeaderProps, 'room' | 'members'>) {
  const presenceText = usePresenceText();
  const peer = useObservable(members).find((each) => each.user.id === room.peer?.id);
  return peer && <p>{presenceText(peer)}</p>;
}
