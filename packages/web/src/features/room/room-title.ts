import type { Room } from '@madang/protocol';
import type { Translate } from '../../i18n/i18n.js';

/** A room's title: its name, or the other user's. */
export function roomTitle(t: Translate, room: Room): string {
  if (room.kind === 'direct') return room.peer?.name ?? t('room.unnamed');
  return room.name;
}
