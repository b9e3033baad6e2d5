import { type RefObject, useEffect } from 'react';
import { useLatest } from '../../ui/use-latest.js';
import { isSelecting } from '../../ui/watch-drag.js';

/** How long a finger rests until it is a long press, in ms. */
const LONG_MS = 450;
/** A finger that has moved by more than this, in px, does something else. */
const SLOP_PX = 10;

/** What has its own meaning under a finger that stays. */
const OTHERS = 'a, button, textarea, input, [role=toolbar]';

/**
 * Calls `onOpen` with a message's key after a long press on it, and for the keyboard's menu key (or Shift+F10) while it has
 * the focus. The browser's own menu stays for links, for selected text, and for the mouse.
 */
export function useOpenActions(scroller: RefObject<HTMLElement | null>, onOpen: (key: string) => void): void {
  const latest = useLatest(onOpen);
  useEffect(() => {
    const list = scroller.current;
    if (!list) return undefined;
    let start: { x: number; y: number; key: string } | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isPressed = false;

    const stop = () => {
      clearTimeout(timer);
      start = undefined;
    };
    const press = () => {
      const key = start?.key;
      stop();
      if (key === undefined) return;
      isPressed = true;
      latest.current(key);
    };
    const onStart = ({ touches, target }: TouchEvent) => {
      stop();
      isPressed = false;
      const [touch] = touches;
      const key = keyOf(target);
      if (touches.length > 1 || !touch || key === undefined || isSelecting()) return;
      start = { x: touch.clientX, y: touch.clientY, key };
      timer = setTimeout(press, LONG_MS);
    };
    const onMove = (event: TouchEvent) => {
      const [touch] = event.touches;
      // Nor does it move anything below it.
      if (isPressed) {
        event.stopPropagation();
        if (event.cancelable) event.preventDefault();
      } else if (touch && start && Math.hypot(touch.clientX - start.x, touch.clientY - start.y) > SLOP_PX) {
        stop();
      }
    };
    const onEnd = (event: TouchEvent) => {
      stop();
      // The finger that opened the sheet presses nothing in it.
      if (isPressed && event.cancelable) event.preventDefault();
    };
    const onMenu = (event: MouseEvent) => {
      // Android's own long press, which may be the earlier one.
      if (!start && !isPressed) return;
      event.preventDefault();
      press();
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const key = (event.target as HTMLElement).dataset['message'];
      const isMenu = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
      if (!isMenu || key === undefined) return;
      event.preventDefault();
      preventMenu();
      latest.current(key);
    };
    const passive = { passive: true };
    list.addEventListener('touchstart', onStart, passive);
    list.addEventListener('touchmove', onMove, { capture: true, passive: false });
    list.addEventListener('touchend', onEnd);
    list.addEventListener('touchcancel', stop);
    list.addEventListener('contextmenu', onMenu);
    list.addEventListener('keydown', onKeyDown);
    return () => {
      stop();
      list.removeEventListener('touchstart', onStart);
      list.removeEventListener('touchmove', onMove, { capture: true });
      list.removeEventListener('touchend', onEnd);
      list.removeEventListener('touchcancel', stop);
      list.removeEventListener('contextmenu', onMenu);
      list.removeEventListener('keydown', onKeyDown);
    };
  }, [scroller, latest]);
}

/** Keeps away the browser's menu, which some systems open only when the key comes up again. */
function preventMenu(): void {
  const prevent = (event: Event) => event.preventDefault();
  window.addEventListener('contextmenu', prevent);
  const stop = () => setTimeout(() => window.removeEventListener('contextmenu', prevent));
  window.addEventListener('keyup', stop, { once: true });
}

/** The message that an element belongs to, unless the element has a meaning of its own. */
function keyOf(target: EventTarget | null): string | undefined {
  if (!(target instanceof Element) || target.closest(OTHERS)) return undefined;
  return target.closest<HTMLElement>('[data-message]')?.dataset['message'];
}
