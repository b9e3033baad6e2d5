import { forget, readStored, store, storedKeys } from './storage.js';

/** Unsent drafts by room, kept in the browser, so that a reload or a crash loses nothing. */

const PREFIX = 'madang.draft.';

/** The draft of a room; empty if there is none. */
export function readDraft(room: string): string {
  return readStored(PREFIX + room) ?? '';
}

/** Stores a room's draft; forgets an empty one. */
export function keepDraft(room: string, text: string): void {
  if (text.trim() === '') forget(PREFIX + room);
  else store(PREFIX + room, text);
}

/** Forgets all drafts: the next user who signs in is somebody else. */
export function forgetDrafts(): void {
  for (const key of storedKeys()) if (key.startsWith(PREFIX)) forget(key);
}
