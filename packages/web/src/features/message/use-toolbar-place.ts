import { type RefObject, useLayoutEffect } from 'react';
import { TOUCH } from '../../state/media.js';

/** The least distance to the edges of the list, in px. */
const EDGE_PX = 4;
/** How far the toolbar reaches into its row, in px: all but its upper half with a mouse, so that the way to it is short. */
const OVER_ROW_PX = { mouse: 20, touch: 6 };

/**
 * Keeps the toolbar of a message whole within what is seen of the list, whichever row it belongs to and however long that is:
 * above its row where there is space, below it for a finger that has the row at the upper edge, and never under the button
 * that leads to the newest messages.
 */
export function useToolbarPlace(ref: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const toolbar = ref.current;
    const row = toolbar?.closest<HTMLElement>('article');
    const list = toolbar?.closest<HTMLElement>('[role=log]');
    if (!toolbar || !row || !list) return undefined;
    const place = () => {
      const rowBox = row.getBoundingClientRect();
      const seen = list.getBoundingClientRect();
      const height = toolbar.offsetHeight;
      const jump = list.parentElement?.querySelector('button[data-new]')?.getBoundingClientRect();
      const highest = seen.top + EDGE_PX;
      const lowest = Math.min(seen.bottom, jump?.top ?? Infinity) - EDGE_PX - height;
      const isTouch = matchMedia(TOUCH).matches;
      const above = rowBox.top - height + OVER_ROW_PX[isTouch ? 'touch' : 'mouse'];
      const below = rowBox.bottom - OVER_ROW_PX.touch;
      const wanted = isTouch && above < highest && below <= lowest ? below : above;
      toolbar.style.top = `${Math.max(highest, Math.min(wanted, lowest)) - rowBox.top}px`;
    };
    place();
    list.addEventListener('scroll', place, { passive: true });
    const sizes = new ResizeObserver(place);
    for (const element of [toolbar, row, list]) sizes.observe(element);
    return () => {
      list.removeEventListener('scroll', place);
      sizes.disconnect();
    };
  }, [ref]);
}
