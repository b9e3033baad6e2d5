import { useEffect, useState } from 'react';
import { useClient } from './client-provider.js';

/**
 * Whether the server has another build of the web client than the running one. Checked after each connect, since a
 * server that was replaced has been away. Builds are distinguished by the name that `vite.config.ts` writes into the
 * page.
 */
export function useNewVersion(): boolean {
  const client = useClient();
  const [isNew, setIsNew] = useState(false);
  useEffect(() => {
    const ask = async () => {
      if (client.state.get().status === 'online' && (await isReplaced())) setIsNew(true);
    };
    const stop = client.state.subscribe(() => void ask());
    void ask();
    return stop;
  }, [client]);
  return isNew;
}

async function isReplaced(): Promise<boolean> {
  const own = versionOf(document);
  if (own === undefined) return false;
  try {
    const response = await fetch(new URL('.', document.baseURI), { cache: 'no-cache' });
    const served = versionOf(new DOMParser().parseFromString(await response.text(), 'text/html'));
    // A page without a version is not the web client but a proxy's page, or the app's sign-in.
    return served !== undefined && served !== own;
  } catch {
    return false;
  }
}

function versionOf(page: Document): string | undefined {
  return page.querySelector<HTMLMetaElement>('meta[name="madang-version"]')?.content;
}
