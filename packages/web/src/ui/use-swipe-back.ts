import { useEffect, useState } from 'react';
import { REDUCED_MOTION } from '../state/media.js';
import { useLatest } from './use-latest.js';
import { watchDrag } from './watch-drag.js';

/** Beyond this part of its width a page goes when the finger leaves it. */
const FAR = 0.35;
/** A finger this fast, in px per ms, decides by its direction. */
const FAST = 0.35;
const SETTLE_MS = 180;
/** If a page was swiped away but is still there after this time, in ms, it moves back. */
const GONE_MS = 1000;

/** What lies over or under each other. */
const LAYERS = 'main, aside, dialog, [role=dialog], [role=menu]';

/**
 * A swipe to the right takes an element away, as Back does: it follows the finger, and comes back if the finger turns round or
 * lets go early. Returns whether the element is being moved.
 */
export function useSwipeBack(find: () => HTMLElement | null | undefined, onBack: (() => void) | undefined): boolean {
  const [isMoving, setIsMoving] = useState(false);
  const latest = useLatest({ find, onBack });
  const isOn = onBack !== undefined;

  useEffect(() => {
    const element = isOn ? latest.current.find() : undefined;
    if (!element) return undefined;
    return watchDrag(element, 'right', {
      // A panel over a page is taken away alone, and below a dialog or a menu nothing is.
      mayBegin: (target) => target.closest(LAYERS) === element && !scrollsAcross(target, element),
      onMove: (px) => {
        setIsMoving(true);
        move(element, px);
      },
      onEnd: (px, speed) => {
        const isFast = speed !== undefined && Math.abs(speed) > FAST;
        const isGoing = speed !== undefined && (isFast ? speed > 0 : px > element.offsetWidth * FAR);
        void settle(element, isGoing, () => {
          if (isGoing) latest.current.onBack?.();
          setTimeout(() => move(element, 0), isGoing ? GONE_MS : 0);
          setIsMoving(false);
        });
      },
    });
  }, [isOn, latest]);
  return isMoving;
}

function move({ style }: HTMLElement, px: number): void {
  style.translate = px === 0 ? '' : `${px}px`;
}

/** Moves an element out of sight, or back to its place. */
async function settle(element: HTMLElement, isGoing: boolean, done: () => void): Promise<void> {
  const to = isGoing ? element.offsetWidth : 0;
  if (!matchMedia(REDUCED_MOTION).matches) {
    const moves = element.animate([{}, { translate: `${to}px` }], { duration: SETTLE_MS, easing: 'ease-out' });
    // An element that leaves the page meanwhile has nowhere to go.
    await moves.finished.catch(() => {});
  }
  move(element, to);
  done();
}

/** Whether a finger there scrolls something sideways, such as code. */
function scrollsAcross(target: Element, within: Element): boolean {
  for (let each: Element | null = target; each && each !== within; each = each.parentElement) {
    const isWider = each.scrollWidth > each.clientWidth + 1;
    if (isWider && /auto|scroll/.test(getComputedStyle(each).overflowX)) return true;
  }
  return false;
}
