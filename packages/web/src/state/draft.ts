/** What was begun and not sent, for each room; kept in the browser, so that a reload or a crash costs nothing. */

const PREFIX = 'madang.draft.';

/** The draft of a room; empty for none. */
export function readDraft(room: string): string {
  return localStorage.getItem(PREFIX + room) ?? '';
}

/** Keeps a room's draft; an empty one is forgotten. */
export function keepDraft(room: string, text: string): void {
  if (text.trim() === '') localStorage.removeItem(PREFIX + room);
  else localStorage.setItem(PREFIX + room, text);
}

/** Forgets all drafts: whoever signs in next is somebody else. */
export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}
