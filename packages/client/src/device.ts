/** What a browser reports about the device. Outside browsers none of it happens. */
export interface DeviceEvents {
  /** The network is gone. */
  offline(): void;
  /**
   * The network is back, the page is visible again or back from the browser's cache, or the device has slept: a
   * connection that looks open may be dead, and timers were slow or stood still. `hasJumped`: the clock did, because the
   * device slept or somebody set it.
   */
  awake(hasJumped: boolean): void;
}

/** How often the clock is compared, in ms: a device that sleeps with the page visible gives no event when it wakes. */
const TICK_MS = 750;

/** A jump of the clock by more than this, in ms, is no slow timer: the device slept, or its clock was set. */
const JUMP_MS = 5_000;

/** Whether the device says that it has no network. It may be wrong: a server on the same machine needs none. */
export function isDeviceOffline(): boolean {
  return typeof navigator === 'object' && 'onLine' in navigator && !navigator.onLine;
}

/** Watches the device until the returned function is called. */
export function watchDevice(events: DeviceEvents): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {};
  const ended = new AbortController();
  const { signal } = ended;
  const awake = () => events.awake(false);
  window.addEventListener('online', awake, { signal });
  window.addEventListener('offline', () => events.offline(), { signal });
  window.addEventListener('pageshow', (event) => event.persisted && awake(), { signal });
  document.addEventListener('visibilitychange', () => document.hidden || awake(), { signal });
  document.addEventListener('resume', awake, { signal });
  const stopTicking = watchClock(() => events.awake(true));
  return () => {
    stopTicking();
    ended.abort();
  };
}

/** Reports jumps of the clock while the page is visible. In hidden pages timers are slow; these report being visible. */
function watchClock(jumped: () => void): () => void {
  let expectedAt = 0;
  let timer: ReturnType<typeof setTimeout>;
  const tick = () => {
    const now = Date.now();
    if (expectedAt !== 0 && Math.abs(now - expectedAt) > JUMP_MS) jumped();
    wait();
  };
  const wait = () => {
    expectedAt = document.hidden ? 0 : Date.now() + TICK_MS;
    timer = setTimeout(tick, TICK_MS);
  };
  wait();
  return () => clearTimeout(timer);
}
