/** A finger that has moved less than this, in px, may still mean anything. */
const SLOP_PX = 8;
/** How much further it has to move along than across. */
const STEEPNESS = 1.4;
/** The left edge, in px, where the browser or the system has a gesture of its own. */
const EDGE_PX = 24;
/** The last part of the movement, in ms, whose speed counts as the speed at its end. */
const SPEED_MS = 80;

export interface Drag {
  /** Asked when a finger comes down; false if it means something else there. */
  mayBegin: (target: Element) => boolean;
  /** How far the finger is from where it came down, in px; 0 if it has gone the other way. */
  onMove: (px: number) => void;
  /** The finger has left. `speed` is in px per ms, negative on the way back, and undefined if the gesture was taken away. */
  onEnd: (px: number, speed: number | undefined) => void;
}

interface Point {
  px: number;
  at: number;
}

/**
 * Watches an element for a finger that is drawn to the right or down, until the returned function is called. What the browser
 * does with fingers stays as it is until the direction is clear: scrolling, zooming, selecting, its gestures at the edge.
 */
export function watchDrag(element: HTMLElement, direction: 'right' | 'down', drag: Drag): () => void {
  let start: { x: number; y: number } | undefined;
  let points: Point[] | undefined;

  const end = (speed: number | undefined) => {
    const px = points?.at(-1)?.px;
    start = undefined;
    points = undefined;
    if (px !== undefined) drag.onEnd(px, speed);
  };
  const onStart = ({ touches, target }: TouchEvent) => {
    const [touch] = touches;
    if (touches.length > 1 || !touch) return end(undefined);
    const { clientX: x, clientY: y } = touch;
    const isFree = !isZoomed() && !isSelecting() && !(target as Element).closest('textarea, input, [contenteditable]');
    if (isFree && !(direction === 'right' && x < EDGE_PX) && drag.mayBegin(target as Element)) {
      start = { x, y };
    }
  };
  const onMove = (event: TouchEvent) => {
    const [touch] = event.touches;
    if (!start || !touch) return;
    const right = touch.clientX - start.x;
    const down = touch.clientY - start.y;
    const [along, across] = direction === 'right' ? [right, down] : [down, right];
    if (!points) {
      if (Math.hypot(along, across) < SLOP_PX) return;
      // One that the browser scrolls with can't be had any more.
      if (!event.cancelable || along < Math.abs(across) * STEEPNESS) {
        start = undefined;
        return;
      }
      points = [];
    }
    if (event.cancelable) event.preventDefault();
    const px = Math.max(0, along);
    points.push({ px, at: event.timeStamp });
    drag.onMove(px);
  };
  const onEnd = ({ timeStamp }: TouchEvent) => end(speedOf(points ?? [], timeStamp));
  const onCancel = () => end(undefined);

  element.addEventListener('touchstart', onStart, { passive: true });
  element.addEventListener('touchmove', onMove, { passive: false });
  element.addEventListener('touchend', onEnd);
  element.addEventListener('touchcancel', onCancel);
  return () => {
    onCancel();
    element.removeEventListener('touchstart', onStart);
    element.removeEventListener('touchmove', onMove);
    element.removeEventListener('touchend', onEnd);
    element.removeEventListener('touchcancel', onCancel);
  };
}

/** Whether text is selected: a finger then moves its ends. */
export function isSelecting(): boolean {
  return getSelection()?.isCollapsed === false;
}

/** Whether the page is zoomed with two fingers: one then moves what is seen of it. */
function isZoomed(): boolean {
  return (visualViewport?.scale ?? 1) > 1.01;
}

function speedOf(points: readonly Point[], now: number): number {
  const last = points.at(-1);
  const first = points.find(({ at }) => now - at <= SPEED_MS);
  return !last || !first || last.at === first.at ? 0 : (last.px - first.px) / (last.at - first.at);
}
