import { ownVersion } from './version.js';

let registered: Promise<ServiceWorkerRegistration> | undefined;

/**
 * Lets the browser keep the web client, so that it opens without a network; see `worker/service-worker.ts`. Begins when
 * the page has nothing better to do. Where service workers are not to be had (plain HTTP, a private window) nothing is
 * kept, and nothing else changes.
 */
export function keepForOffline(): void {
  if (ownVersion() === undefined || !('serviceWorker' in navigator)) return;
  const address = new URL('service-worker.js', document.baseURI);
  const begin = () => {
    registered = navigator.serviceWorker.register(address, { updateViaCache: 'none' });
    registered.catch(() => {});
  };
  const whenIdle = () => ('requestIdleCallback' in globalThis ? requestIdleCallback(begin) : setTimeout(begin, 1000));
  if (document.readyState === 'complete') whenIdle();
  else addEventListener('load', whenIdle, { once: true });
}

/**
 * Tells the newest service worker which version this page is: if that is its own, it takes over, and else it waits until
 * somebody reloads a page, or opens one. It also hears the page's language, whose emoji it keeps.
 *
 * Call it once the page has loaded all its parts. For the newer worker Chromium stops the older one, and whatever reaches
 * that in the same moment, a message or a request for a file, starts it again: the newer one then waits for half a minute
 * or more.
 */
export async function tellVersion(): Promise<void> {
  const registration = await registered?.catch(() => undefined);
  if (!registration) return;
  const tell = (worker: ServiceWorker | null) =>
    worker?.postMessage({ opened: ownVersion(), emoji: document.documentElement.lang });
  navigator.serviceWorker.addEventListener('controllerchange', () => tell(navigator.serviceWorker.controller));
  registration.addEventListener('updatefound', () => tell(registration.installing));
  tell(registration.installing ?? registration.waiting ?? registration.active);
}
