import { createPortal } from 'react-dom';
import { goToRooms } from '../../state/history.js';
import { PHONE, useMedia } from '../../state/media.js';
import { useSwipeBack } from '../../ui/use-swipe-back.js';
import { Sidebar } from './sidebar.js';
import styles from './swipe-to-rooms.module.css';

/** On a phone a swipe to the right leads from the room back to the list of rooms, which shows below the room meanwhile. */
export function SwipeToRooms() {
  const isPhone = useMedia(PHONE);
  const isMoving = useSwipeBack(page, isPhone ? goToRooms : undefined);
  const panes = isMoving && page()?.parentElement;
  if (!panes) return null;
  return createPortal(
    <div className={styles.below} inert aria-hidden>
      <Sidebar isPage current={undefined} />
    </div>,
    panes,
  );
}

function page(): HTMLElement | null {
  return document.querySelector('main');
}
