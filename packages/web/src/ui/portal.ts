import { createContext, useSyncExternalStore } from 'react';
import { Changes } from '../state/changes.js';

/**
 * Where menus and tooltips are rendered: the page's body, or the modal dialog that they belong to, which is above the
 * body.
 */
export const PortalContainer = createContext<HTMLElement | null>(null);

let dialogs: readonly HTMLElement[] = [];
const changes = new Changes();

/** Notes that a modal dialog is open, above all others; returns what notes that it is closed. */
export function openOnTop(dialog: HTMLElement): () => void {
  set([...dialogs, dialog]);
  return () => set(dialogs.filter((each) => each !== dialog));
}

/** The modal dialog that is above all else, if one is open: what is outside it can be neither reached nor heard. */
export function useTopDialog(): HTMLElement | undefined {
  return useSyncExternalStore(changes.subscribe, () => dialogs.at(-1));
}

function set(next: readonly HTMLElement[]): void {
  dialogs = next;
  changes.tell();
}
