import type { CDPSession, Page } from 'playwright-core';

export interface Point {
  x: number;
  y: number;
}

/** A finger on a page, with real touch events. */
export interface Finger {
  /** Comes down, or moves if it is down already, in steps as a finger does. */
  to(point: Point, steps?: number): Promise<void>;
  leave(): Promise<void>;
  /** The system takes the gesture away. */
  cancel(): Promise<void>;
}

/** A finger for a page; the browser takes its events for those of a touch screen. */
export async function fingerOn(page: Page): Promise<Finger> {
  const session: CDPSession = await page.context().newCDPSession(page);
  let at: Point | undefined;
  let sent: Promise<unknown>[] = [];
  const dispatch = (type: 'touchStart' | 'touchMove' | 'touchEnd' | 'touchCancel', touchPoints: Point[]) => {
    sent.push(session.send('Input.dispatchTouchEvent', { type, touchPoints }));
  };
  const arrive = async () => {
    await Promise.all(sent);
    sent = [];
  };
  return {
    to: async (point, steps = 8) => {
      const from = at;
      at = point;
      if (!from) {
        // It moves on at once: one that waits for its first event on a slow machine would rest, which is a long press.
        dispatch('touchStart', [point]);
        return;
      }
      for (let step = 1; step <= steps; step += 1) {
        const x = from.x + ((point.x - from.x) * step) / steps;
        const y = from.y + ((point.y - from.y) * step) / steps;
        dispatch('touchMove', [{ x, y }]);
      }
      await arrive();
    },
    leave: async () => {
      at = undefined;
      dispatch('touchEnd', []);
      await arrive();
    },
    cancel: async () => {
      at = undefined;
      dispatch('touchCancel', []);
      await arrive();
    },
  };
}
