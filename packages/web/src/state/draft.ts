import { forget, readStored, store, storedKeys } from './storage.js';

/** What was begun and not sent, for each room; kept in the browser, so that a reload or a crash costs nothing. */

const PREFIX = 'madang.draft.';

/** The draft of a room; empty for none. */
export function readDraft(room: string): string {
  return readStored(PREFIX + room) ?? '';
}

/** Keeps a room's draft; an empty one is forgotten. */
export function keepDraft(room: string, text: string): void {
  if (text.trim() === '') forget(PREFIX + room);
  else store(PREFIX + room, text);
}

/** Forgets all drafts: whoever signs in next is somebody else. */
export function forgetDrafts(): void {
  for (const key of storedKeys()) if (key.startsWith(PREFIX)) forget(key);
}
