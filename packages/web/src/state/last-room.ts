import { readStored, store } from './storage.js';

const STORED_AS = 'madang.room';

/** Keeps the room that was last shown, to begin there next time. */
export function rememberRoom(id: string): void {
  store(STORED_AS, id);
}

/** The room that was last shown. */
export function lastRoom(): string | undefined {
  return readStored(STORED_AS);
}
