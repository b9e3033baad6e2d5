import { useEffect, useSyncExternalStore } from 'react';
import { Changes } from './changes.js';
import { useClient } from './client-provider.js';

/**
 * A newer build of the web client than the running one. The page then offers to reload, and every button that reloads calls
 * {@link reloadPage}. Until then the old build keeps running, with nothing of the new one: the names of its files contain
 * hashes of their contents.
 */

const changes = new Changes();
let isOffered = false;

/** Offers a new version. */
function offerNewVersion(): void {
  isOffered = true;
  changes.tell();
}

/** Reloads the page. The service worker takes it from the server, so that it is the newest version. */
export function reloadPage(): void {
  location.reload();
}

/** Whether there is a newer version. */
export function useNewVersion(): boolean {
  return useSyncExternalStore(changes.subscribe, () => isOffered);
}

/** A page that is just opening has better things to do, in ms: it is old only if it came from the service worker. */
const FIRST_CHECK_MS = 3000;

/** Asks the server for its version after each connect, since a server that was replaced has been away. */
export function useVersionCheck(): void {
  const client = useClient();
  useEffect(() => {
    const isOnline = () => client.state.get().status === 'online';
    let hasAsked = false;
    const check = () => {
      if (isOnline() && !hasAsked) void checkVersion();
      hasAsked = isOnline();
    };
    let stop: (() => void) | undefined;
    const timer = setTimeout(() => {
      check();
      stop = client.state.subscribe(check);
    }, FIRST_CHECK_MS);
    return () => {
      clearTimeout(timer);
      stop?.();
    };
  }, [client]);
}

/**
 * Offers a new version if the server's page has another name of its build than this one; `version-name.ts` writes it
 * there. Resolves to whether the server's version is known now. Never rejects.
 */
export async function checkVersion(): Promise<boolean> {
  const own = ownVersion();
  if (own === undefined || isOffered) return isOffered;
  try {
    const response = await fetch(new URL('.', document.baseURI), { cache: 'no-cache' });
    const served = versionOf(new DOMParser().parseFromString(await response.text(), 'text/html'));
    // A page without a version is not the web client but a proxy's page, or the app's sign-in.
    if (served !== undefined && served !== own) offerNewVersion();
    return served !== undefined;
  } catch {
    return false;
  }
}

/** The build's name of the running page; undefined while developing. */
export function ownVersion(): string | undefined {
  return versionOf(document);
}

function versionOf(page: Document): string | undefined {
  return page.querySelector<HTMLMetaElement>('meta[name="madang-version"]')?.content;
}
