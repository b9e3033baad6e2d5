/** What a browser reports about the device. Outside browsers none of it happens. */
export interface DeviceEvents {
  /** The network is back. */
  online(): void;
  /** The network is gone. */
  offline(): void;
  /** The page is visible again; in the background its timers were slow. */
  visible(): void;
}

/** Whether the device says that it has no network. It may be wrong: a server on the same machine needs none. */
export function isDeviceOffline(): boolean {
  return typeof navigator === 'object' && 'onLine' in navigator && !navigator.onLine;
}

/** Watches the device until the returned function is called. */
export function watchDevice(events: DeviceEvents): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {};
  const ended = new AbortController();
  const { signal } = ended;
  window.addEventListener('online', () => events.online(), { signal });
  window.addEventListener('offline', () => events.offline(), { signal });
  document.addEventListener('visibilitychange', () => document.hidden || events.visible(), { signal });
  return () => ended.abort();
}
