import type { Room } from '@madang/protocol';
import type { Translate } from '../../i18n/i18n.js';
import { roomTitle } from './room-title.js';

/** The rooms and the direct rooms, each sorted by name in the language's order; the lobby first. */
export function orderRooms(t: Translate, language: string, rooms: readonly Room[]) {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const byTitle = (a: Room, b: Room) =>
    Number(b.id === 'lobby') - Number(a.id === 'lobby') || collator.compare(roomTitle(t, a), roomTitle(t, b));
  return {
    rooms: rooms.filter((room) => room.kind !== 'direct').sort(byTitle),
    directs: rooms.filter((room) => room.kind === 'direct').sort(byTitle),
  };
}
