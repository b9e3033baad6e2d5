import type { Room } from '@madang/protocol';
import { Lock } from 'lucide-react';
import { Avatar } from '../../ui/avatar.js';
import styles from './room-icon.module.css';

/** A room's sign: a workspace for a public room, a lock for a private one, the other person's tile for a direct one. */
export function RoomIcon({ room, title }: { room: Room; title: string }) {
  if (room.kind === 'direct') return <Avatar id={room.peer?.id ?? room.id} name={title} size="small" />;
  return (
    <span className={styles.icon} aria-hidden>
      {room.kind === 'private' ? <Lock size={14} strokeWidth={2.4} /> : <WorkspaceIcon />}
    </span>
  );
}

/** The mark's workspace, as a line icon. */
function WorkspaceIcon() {
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
