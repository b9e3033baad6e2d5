import { ownVersion } from './version.js';

/**
 * Lets the browser keep the web client, so that it opens without a network; see `worker/service-worker.ts`. Begins when
 * the page has nothing better to do. Where service workers are not to be had (plain HTTP, a private window) nothing is
 * kept, and nothing else changes.
 */
export function keepForOffline(): void {
  const version = ownVersion();
  if (version === undefined || !('serviceWorker' in navigator)) return;
  const begin = () => void register(version).catch(() => {});
  const whenIdle = () => ('requestIdleCallback' in globalThis ? requestIdleCallback(begin) : setTimeout(begin, 1000));
  if (document.readyState === 'complete') whenIdle();
  else addEventListener('load', whenIdle, { once: true });
}

/**
 * Tells every worker which version this page is. The worker of the same version takes over; a newer one waits until
 * somebody reloads a page, or opens one.
 */
async function register(version: string): Promise<void> {
  const { serviceWorker } = navigator;
  const tell = (worker: ServiceWorker | null) => worker?.postMessage({ opened: version });
  serviceWorker.addEventListener('controllerchange', () => tell(serviceWorker.controller));
  const address = new URL('service-worker.js', document.baseURI);
  const registration = await serviceWorker.register(address, { updateViaCache: 'none' });
  registration.addEventListener('updatefound', () => tell(registration.installing));
  for (const worker of [registration.installing, registration.waiting, registration.active]) tell(worker);
}
