import { type MouseEvent, type PointerEvent, useRef, useState } from 'react';

/** A touch that rests on a row for this long, in ms, opens its menu. */
const LONG_PRESS_MS = 500;

/** A touch that moves further than this, in px, scrolls. */
const MOVED_PX = 10;

/** The menu of a row: of which room, and where. */
export interface RowMenu {
  room: string;
  x: number;
  y: number;
}

/** Opens the menu of a room's row by the right mouse button, the menu key, or a long press, which not every browser tells. */
export function useRowMenu() {
  const [menu, setMenu] = useState<RowMenu>();
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number }>(undefined);
  const wasLong = useRef(false);

  const open = (target: EventTarget, x: number, y: number): boolean => {
    const row = (target as Element).closest<HTMLElement>('a[data-room]');
    const room = row?.dataset['room'];
    if (!row || room === undefined) return false;
    const { left, bottom } = row.getBoundingClientRect();
    // The menu key has no place of its own.
    setMenu({ room, ...(x === 0 && y === 0 ? { x: left + 24, y: bottom } : { x, y }) });
    return true;
  };
  const cancel = () => {
    clearTimeout(press.current?.timer);
    press.current = undefined;
  };
  const handlers = {
    onContextMenu: (event: MouseEvent) => {
      if (open(event.target, event.clientX, event.clientY)) event.preventDefault();
    },
    onPointerDown: ({ pointerType, target, clientX: x, clientY: y }: PointerEvent) => {
      wasLong.current = false;
      if (pointerType !== 'touch') return;
      cancel();
      const timer = setTimeout(() => (wasLong.current = open(target, x, y)), LONG_PRESS_MS);
      press.current = { timer, x, y };
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      const from = press.current;
      if (from && Math.hypot(clientX - from.x, clientY - from.y) > MOVED_PX) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    onClickCapture: (event: MouseEvent) => {
      // The press that opened the menu doesn't open the room as well.
      if (wasLong.current) event.preventDefault();
      wasLong.current = false;
    },
  };
  return { menu, close: () => setMenu(undefined), handlers };
}
