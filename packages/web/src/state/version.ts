import { useEffect, useSyncExternalStore } from 'react';
import { useClient } from './client-provider.js';

/**
 * A newer build of the web client than the running one. Whoever learns of it calls {@link offerNewVersion}; the page then
 * offers to reload, and every button that reloads calls {@link reloadPage}. Until then the old build keeps running, with
 * nothing of the new one: the names of its files contain hashes of their contents.
 */

const listeners = new Set<() => void>();
let isOffered = false;
let load = () => location.reload();

/**
 * Offers a new version. `loadIt` loads it in place of a plain reload: a service worker that holds the old page has to be
 * replaced first.
 */
export function offerNewVersion(loadIt?: () => void): void {
  if (loadIt) load = loadIt;
  isOffered = true;
  for (const listener of listeners) listener();
}

/** Reloads the page, and with it the newest version that is known. */
export function reloadPage(): void {
  load();
}

/** Whether there is a newer version. */
export function useNewVersion(): boolean {
  return useSyncExternalStore(subscribe, () => isOffered);
}

/** Asks the server for its version after each connect, since a server that was replaced has been away. */
export function useVersionCheck(): void {
  const client = useClient();
  useEffect(() => {
    const check = () => {
      if (client.state.get().status === 'online') void checkVersion();
    };
    check();
    return client.state.subscribe(check);
  }, [client]);
}

/**
 * Offers a new version if the server's page has another name of its build than this one; `version-name.ts` writes it
 * there. Never rejects.
 */
export async function checkVersion(): Promise<void> {
  const own = versionOf(document);
  if (own === undefined || isOffered) return;
  try {
    const response = await fetch(new URL('.', document.baseURI), { cache: 'no-cache' });
    const served = versionOf(new DOMParser().parseFromString(await response.text(), 'text/html'));
    // A page without a version is not the web client but a proxy's page, or the app's sign-in.
    if (served !== undefined && served !== own) offerNewVersion();
  } catch {
    // Without the server there is no newer version either.
  }
}

function versionOf(page: Document): string | undefined {
  return page.querySelector<HTMLMetaElement>('meta[name="madang-version"]')?.content;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
