import type { Room } from '@madang/protocol';
import type { ComponentType } from 'react';
import { useRooms } from '../state/client-provider.js';
import { closeDialog, type PageDialogName, type RoomDialogName, usePageDialog } from '../state/page-dialog.js';
import { PaletteShell } from './palette/palette-shell.js';
import { lazyDialog } from '../ui/lazy-part.js';

type View<Props = object> = ComponentType<Props & { onClose: () => void }>;

const views: Record<PageDialogName, View> = {
  palette: lazyDialog(() => import('./palette/palette.js'), 'Palette', PaletteShell),
  direct: lazyDialog(() => import('./palette/palette.js'), 'DirectPalette', PaletteShell),
  shortcuts: lazyDialog(() => import('./help/shortcuts-dialog.js'), 'ShortcutsDialog'),
  browse: lazyDialog(() => import('./room/browse-dialog.js'), 'BrowseDialog'),
  create: lazyDialog(() => import('./room/create-dialog.js'), 'CreateDialog'),
  nickname: lazyDialog(() => import('./session/nickname-dialog.js'), 'NicknameDialog'),
  unsent: lazyDialog(() => import('./unsent/unsent-dialog.js'), 'UnsentDialog'),
  blocked: lazyDialog(() => import('./block/blocked-dialog.js'), 'BlockedDialog'),
  sections: lazyDialog<{ onClose: () => void }, 'SectionsDialog'>(
    () => import('./room/sections-dialog.js'),
    'SectionsDialog',
  ),
  'sign-out': lazyDialog(() => import('./session/sign-out-dialog.js'), 'SignOutDialog'),
};

const roomViews: Record<RoomDialogName, View<{ room: Room }>> = {
  details: lazyDialog(() => import('./room/room-details.js'), 'RoomDetails'),
  invite: lazyDialog(() => import('./member/invite-dialog.js'), 'InviteDialog'),
  move: lazyDialog(() => import('./room/sections-dialog.js'), 'MoveDialog'),
  leave: lazyDialog(() => import('./room/leave-dialog.js'), 'LeaveDialog'),
};

/** The dialog of the page that is open; one at a time. */
export function PageDialogs() {
  const open = usePageDialog();
  const rooms = useRooms();
  if (!open) return null;
  if (!('room' in open)) {
    const Dialog = views[open.name];
    return <Dialog key={open.name} onClose={closeDialog} />;
  }
  const room = rooms.find(({ id }) => id === open.room);
  const RoomDialog = roomViews[open.name];
  return room && <RoomDialog key={open.name} room={room} onClose={closeDialog} />;
}
