import { useSyncExternalStore } from 'react';

/** One pane at a time. */
export const PHONE = '(width < 720px)';

/** Room beside the conversation for the people. */
export const WIDE = '(width >= 1080px)';

/** Fingers, and a keyboard on the screen: Enter breaks the line there, as in every phone's own messenger. */
export const TOUCH = '(hover: none) and (pointer: coarse)';

/** Whether a media query holds, now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}
