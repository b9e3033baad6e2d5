import type { Room } from '@madang/protocol';
import { Lock } from 'lucide-react';
import { Avatar } from '../../ui/avatar.js';
import styles from './room-icon.module.css';

/** A room's icon: a yard for a public room, a lock for a private one, the other user's avatar for a direct one. */
export function RoomIcon({ room, title }: { room: Room; title: string }) {
  if (room.kind === 'direct') return <Avatar id={room.peer?.id ?? room.id} name={title} size="small" />;
  return (
    <span className={styles.icon} aria-hidden>
      {room.kind === 'private' ? <Lock size={14} strokeWidth={2.4} /> : <YardIcon />}
    </span>
  );
}

/** The yard of Madang's logo, as a line icon. */
function YardIcon() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none">
      <path
        d="M6.5 13H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 3h8a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 12 13H9.5"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
      <circle cx="8" cy="8" r="1.4" fill="currentColor" />
    </svg>
  );
}
