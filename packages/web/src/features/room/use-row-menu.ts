import { type MouseEvent, type RefObject, useEffect, useState } from 'react';
import { watchLongPress } from '../../ui/watch-long-press.js';

/** The menu of a row: of which room, and where. */
export interface RowMenu {
  room: string;
  x: number;
  y: number;
}

const ROW = 'a[data-room]';

/** The menu of a room's row in a list, which the right mouse button, the menu key or a long press opens. */
export function useRowMenu(list: RefObject<HTMLElement | null>) {
  const [menu, setMenu] = useState<RowMenu>();

  useEffect(() => {
    if (!list.current) return undefined;
    return watchLongPress(list.current, {
      mayBegin: (target) => target.closest(ROW) !== null,
      onPress: (target, x, y) => setMenu({ room: roomOf(target), x, y }),
    });
  }, [list]);

  const onContextMenu = (event: MouseEvent) => {
    const row = (event.target as Element).closest(ROW);
    // A long press has opened it already.
    if (!row || event.isDefaultPrevented()) return;
    event.preventDefault();
    const { clientX: x, clientY: y } = event;
    const { left, bottom } = row.getBoundingClientRect();
    // The menu key has no place of its own.
    setMenu({ room: roomOf(row), ...(x === 0 && y === 0 ? { x: left + 24, y: bottom } : { x, y }) });
  };
  return { menu, close: () => setMenu(undefined), onContextMenu };
}

function roomOf(target: Element): string {
  return target.closest<HTMLElement>(ROW)?.dataset['room'] ?? '';
}
