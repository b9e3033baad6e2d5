import type { Observable } from '@madang/client';

type Subscribe = Observable<unknown>['subscribe'];
type Listener = () => void;

/** Longer than a frame, in ms: for a page that has none, since nobody sees it. */
const NO_FRAME_MS = 100;

const subscribes = new WeakMap<Observable<unknown>, Subscribe>();
/** Listeners that were called in this frame. */
let called = new Set<Listener>();
/** Those of them to which more has happened since. */
let waiting = new Set<Listener>();

/**
 * Subscribes to an observable so that a listener is called at once for the first change in a frame, and only once more,
 * before the next paint, for all others: when messages pour in, a page is rendered as often as it is painted. The same
 * function for the same observable.
 */
export function onceAFrame(observable: Observable<unknown>): Subscribe {
  const known = subscribes.get(observable);
  if (known) return known;
  const subscribe: Subscribe = (listener) => {
    const own = () => listener();
    const unsubscribe = observable.subscribe(() => tell(own));
    return () => {
      unsubscribe();
      called.delete(own);
      waiting.delete(own);
    };
  };
  subscribes.set(observable, subscribe);
  return subscribe;
}

function tell(listener: Listener): void {
  if (called.has(listener)) return void waiting.add(listener);
  if (called.size === 0) atNextFrame();
  called.add(listener);
  listener();
}

function atNextFrame(): void {
  const end = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    called = waiting;
    waiting = new Set();
    if (called.size === 0) return;
    atNextFrame();
    for (const listener of Array.from(called)) listener();
  };
  const frame = requestAnimationFrame(end);
  const timer = setTimeout(end, NO_FRAME_MS);
}
