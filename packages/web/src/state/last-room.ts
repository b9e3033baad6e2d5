const STORED_AS = 'madang.room';

/** Keeps the room that was last shown, to begin there next time. */
export function rememberRoom(id: string): void {
  localStorage.setItem(STORED_AS, id);
}

/** The room that was last shown. */
export function lastRoom(): string | undefined {
  return localStorage.getItem(STORED_AS) ?? undefined;
}
