import type { OfflineStore } from '@madang/client';
import { useSyncExternalStore } from 'react';
import { Changes } from './changes.js';
import { forget, onChangedElsewhere, readStored, store } from './storage.js';

/** Whether messages are kept on this device for use without a connection, as the user chose. */

const STORED_AS = 'madang.offline';
const changes = new Changes();

let kept: OfflineStore | undefined;
let begun: Parameters<OfflineStore['begin']> | undefined;

/** The store, which keeps nothing while the user does not want it. Other tabs obey the choice, too. */
export function keepIfWanted(inner: OfflineStore): OfflineStore {
  kept = inner;
  onChangedElsewhere(STORED_AS, changes.tell);
  return {
    load: async () => (isWanted() ? inner.load() : undefined),
    begin: async (...session) => {
      begun = session;
      if (isWanted()) await inner.begin(...session);
    },
    save: async (...saved) => {
      if (isWanted()) await inner.save(...saved);
    },
    clear: () => {
      begun = undefined;
      return inner.clear();
    },
    close: () => inner.close(),
  };
}

/** Chooses. What was kept is deleted at once; what is kept from now on is what changes, or is opened again. */
export async function setKeepsMessages(isKeeping: boolean): Promise<void> {
  if (isKeeping) forget(STORED_AS);
  else store(STORED_AS, 'off');
  changes.tell();
  if (!isKeeping) await kept?.clear();
  else if (begun) await kept?.begin(...begun);
}

/** The choice. */
export function useKeepsMessages(): boolean {
  return useSyncExternalStore(changes.subscribe, isWanted);
}

function isWanted(): boolean {
  return readStored(STORED_AS) !== 'off';
}
