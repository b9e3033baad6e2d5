import { forget, readStored, store } from './storage.js';

const STORED_AS = 'madang.room';

/** Stores the room shown last, to begin there next time. */
export function rememberRoom(id: string): void {
  store(STORED_AS, id);
}

/** The room shown last. */
export function lastRoom(): string | undefined {
  return readStored(STORED_AS);
}

/** Forgets it: the next user who signs in is somebody else. */
export function forgetRoom(): void {
  forget(STORED_AS);
}
