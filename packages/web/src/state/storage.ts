import { useSyncExternalStore } from 'react';
import { Changes } from './changes.js';

/**
 * What the page keeps in the browser between visits: drafts, and choices such as the language. The browser may deny it,
 * be full, or be cleared at any moment. What can't be stored lives as long as the page, and {@link useStorageFails}
 * reports it.
 */

/** Values that the browser did not store, by key; they are newer than what it has. */
const unkept = new Map<string, string>();
const changes = new Changes();
let fails = false;

/** A stored value; undefined if there is none. */
export function readStored(key: string): string | undefined {
  return unkept.get(key) ?? attempt((storage) => storage.getItem(key)) ?? undefined;
}

/** Stores a value. */
export function store(key: string, value: string): void {
  const isKept = attempt((storage) => {
    storage.setItem(key, value);
    return true;
  });
  if (isKept) unkept.delete(key);
  else unkept.set(key, value);
}

/** Forgets a value. No error if there is none. */
export function forget(key: string): void {
  unkept.delete(key);
  attempt((storage) => storage.removeItem(key));
}

/** Calls `listener` whenever another tab has changed a value, or may have while this page was frozen. */
export function onChangedElsewhere(key: string, listener: () => void): void {
  addEventListener('storage', (event) => {
    // Without a key everything was cleared.
    if (event.key === key || event.key === null) listener();
  });
  addEventListener('pageshow', ({ persisted }) => persisted && listener());
}

/** The keys of all stored values. */
export function storedKeys(): string[] {
  return [...new Set([...unkept.keys(), ...(attempt((storage) => Object.keys(storage)) ?? [])])];
}

/** Whether the browser has not stored the value of this key, so that closing the page would lose it. */
export function isUnkept(key: string): boolean {
  return unkept.has(key);
}

/** Whether something could not be stored since the page was opened. */
export function useStorageFails(): boolean {
  return useSyncExternalStore(changes.subscribe, () => fails);
}

/** The one place that touches the browser's storage: even reading the property may throw. */
function attempt<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return act(localStorage);
  } catch {
    fails = true;
    // Deferred: the caller may be rendering.
    queueMicrotask(changes.tell);
    return undefined;
  }
}
