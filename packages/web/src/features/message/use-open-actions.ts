import { type RefObject, useEffect } from 'react';
import { useLatest } from '../../ui/use-latest.js';
import { watchLongPress } from '../../ui/watch-long-press.js';

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
    const onKeyDown = (event: KeyboardEvent) => {
      const key = (event.target as HTMLElement).dataset['message'];
      const isMenu = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
      if (!isMenu || key === undefined) return;
      event.preventDefault();
      preventMenu();
      latest.current(key);
    };
    const unwatch = watchLongPress(list, {
      mayBegin: (target) => keyOf(target) !== undefined,
      onPress: (target) => {
        const key = keyOf(target);
        if (key !== undefined) latest.current(key);
      },
    });
    list.addEventListener('keydown', onKeyDown);
    return () => {
      unwatch();
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
function keyOf(target: Element): string | undefined {
  if (target.closest(OTHERS)) return undefined;
  return target.closest<HTMLElement>('[data-message]')?.dataset['message'];
}
