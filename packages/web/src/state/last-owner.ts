import type { UserRef } from '@madang/protocol';
import { forget, readStored, store } from './storage.js';

/** Stores whose page this is, to know whose session it was if that ends while the page is closed. */
export function rememberOwner({ id, name }: UserRef): void {
  store(storageKey(), JSON.stringify({ id, name }));
}

/** Who had the page last and has not signed out. */
export function lastOwner(): UserRef | undefined {
  try {
    const owner = JSON.parse(readStored(storageKey()) ?? 'null') as UserRef | null;
    return typeof owner?.id === 'string' && typeof owner.name === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets it. */
export function forgetOwner(): void {
  forget(storageKey());
}

/** At another path there may be another Madang, with sessions of its own. */
function storageKey(): string {
  return `madang.owner ${new URL('.', document.baseURI).pathname}`;
}
