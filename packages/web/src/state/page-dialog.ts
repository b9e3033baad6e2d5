import { useSyncExternalStore } from 'react';
import { Changes } from './changes.js';

/** A dialog of the whole page. */
export type PageDialogName =
  | 'palette'
  | 'direct'
  | 'shortcuts'
  | 'browse'
  | 'create'
  | 'nickname'
  | 'unsent'
  | 'blocked'
  | 'sections'
  | 'sign-out';

/** A dialog about one of the user's rooms. */
export type RoomDialogName = 'details' | 'invite' | 'leave' | 'move';

/** What is open; `room` is an id. */
export type PageDialog = { name: PageDialogName } | { name: RoomDialogName; room: string };

let open: PageDialog | undefined;
const changes = new Changes();

/** Opens a dialog, in place of the one that is open. */
export function openDialog(name: PageDialogName): void {
  set({ name });
}

/** Opens a dialog about a room, in place of the one that is open. */
export function openRoomDialog(name: RoomDialogName, room: string): void {
  set({ name, room });
}

/** Closes the dialog. */
export function closeDialog(): void {
  set(undefined);
}

/** The dialog that is open. */
export function usePageDialog(): PageDialog | undefined {
  return useSyncExternalStore(changes.subscribe, () => open);
}

function set(next: PageDialog | undefined): void {
  open = next;
  changes.tell();
}
