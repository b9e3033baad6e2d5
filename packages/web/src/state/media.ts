import { useSyncExternalStore } from 'react';

/** One pane at a time. A tablet, half of its screen, and an unfolded phone have space for two. */
export const PHONE = '(width < 600px)';

/** Space for the members beside the conversation. */
export const WIDE = '(width >= 1080px)';

/** Touch, with an on-screen keyboard: Enter breaks the line there, as in every messenger on a phone. */
export const TOUCH = '(hover: none) and (pointer: coarse)';

/** What moves by itself is to stay still. */
export const REDUCED_MOTION = '(prefers-reduced-motion: reduce)';

/** Whether a media query currently matches. */
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
