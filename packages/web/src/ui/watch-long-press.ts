import { isSelecting } from './watch-drag.js';

/** How long a finger rests until it is a long press, in ms. */
const LONG_MS = 450;
/** A finger that has moved by more than this, in px, does something else. */
const SLOP_PX = 10;

export interface LongPress {
  /** Asked when a finger comes down; false if a long press means nothing there, or something else. */
  mayBegin: (target: Element) => boolean;
  /** Called while the finger is still down, with where it is in the window, in px. */
  onPress: (target: Element, x: number, y: number) => void;
}

interface Start {
  target: Element;
  x: number;
  y: number;
}

/**
 * Watches an element for a finger that rests on it, until the returned function is called. The press then means nothing else:
 * it scrolls nothing, follows no link, and opens no menu of the browser.
 */
export function watchLongPress(element: HTMLElement, { mayBegin, onPress }: LongPress): () => void {
  let start: Start | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPressed = false;

  const stop = () => {
    clearTimeout(timer);
    start = undefined;
  };
  const press = () => {
    const begun = start;
    stop();
    if (!begun) return;
    isPressed = true;
    onPress(begun.target, begun.x, begun.y);
  };
  const onStart = ({ touches, target }: TouchEvent) => {
    stop();
    isPressed = false;
    const [touch] = touches;
    if (touches.length > 1 || !touch || !(target instanceof Element) || isSelecting() || !mayBegin(target)) return;
    start = { target, x: touch.clientX, y: touch.clientY };
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
    // The finger presses nothing in what it has opened.
    if (isPressed && event.cancelable) event.preventDefault();
  };
  const onMenu = (event: MouseEvent) => {
    // Android's own long press, which may be the earlier one.
    if (!start && !isPressed) return;
    event.preventDefault();
    press();
  };
  element.addEventListener('touchstart', onStart, { passive: true });
  element.addEventListener('touchmove', onMove, { capture: true, passive: false });
  element.addEventListener('touchend', onEnd);
  element.addEventListener('touchcancel', stop);
  element.addEventListener('contextmenu', onMenu);
  return () => {
    stop();
    element.removeEventListener('touchstart', onStart);
    element.removeEventListener('touchmove', onMove, { capture: true });
    element.removeEventListener('touchend', onEnd);
    element.removeEventListener('touchcancel', stop);
    element.removeEventListener('contextmenu', onMenu);
  };
}
