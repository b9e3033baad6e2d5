import { nameSearch } from '@madang/protocol';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { languageOf } from '../../i18n/i18n.js';
import { useAbilities, useClient, useRooms } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { Avatar } from '../../ui/avatar.js';
import { showToast } from '../../ui/toast.js';
import { useAcquaintances } from '../member/use-acquaintances.js';
import { useOpenDirect } from '../member/use-open-direct.js';
import { orderRooms } from './order-rooms.js';
import { RoomIcon } from './room-icon.js';
import { roomTitle } from './room-title.js';
import { useRoomSearch } from './use-room-search.js';

/** A place to go to. */
export interface Place {
  key: string;
  kind: 'mine' | 'other' | 'person';
  id: string;
  name: string;
  note?: string | undefined;
  icon: ReactNode;
}

const MAX_OTHERS = 8;

/** The places whose names contain the search, and how to go to one. */
export function useSwitcher(search: string) {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const [, go] = useLocation();
  const openDirect = useOpenDirect();
  const all = useRooms();
  const { openDirects } = useAbilities();
  const { rooms: found } = useRoomSearch(search);
  const people = useAcquaintances(undefined);
  const isFound = nameSearch(search);

  const { rooms, directs } = orderRooms(t, languageOf(i18n), all);
  const mine = [...rooms, ...directs].map((room): Place => {
    const name = roomTitle(t, room);
    const note = room.unread ? t('room.unread', { count: room.unread }) : undefined;
    return {
      key: `mine-${room.id}`,
      kind: 'mine',
      id: room.id,
      name,
      note,
      icon: <RoomIcon room={room} title={name} />,
    };
  });
  const others = (found ?? []).filter((room) => !all.some((each) => each.id === room.id));
  const peers = new Set(directs.map((room) => room.peer?.id));

  const groups = [
    { title: 'switcher.mine' as const, places: mine },
    {
      title: 'switcher.people' as const,
      places: (search.trim() !== '' && openDirects ? (people ?? []) : [])
        .filter((person) => !peers.has(person.id))
        .map((person): Place => ({
          key: `person-${person.id}`,
          kind: 'person',
          id: person.id,
          name: person.name,
          icon: <Avatar id={person.id} name={person.name} size="small" />,
        })),
    },
    {
      title: 'switcher.others' as const,
      places: others.map((room): Place => ({
        key: `other-${room.id}`,
        kind: 'other',
        id: room.id,
        name: room.name,
        note: t('room.members', { count: room.members }),
        icon: <RoomIcon room={room} title={room.name} />,
      })),
    },
  ].map((group) => ({ ...group, places: group.places.filter(({ name }) => isFound(name)) }));

  const open = async (place: Place) => {
    if (place.kind === 'person') return openDirect(place.id);
    try {
      if (place.kind === 'other') await client.call('room.join', { room: place.id });
      go(`/r/${place.id}`);
    } catch (error) {
      showToast(errorText(t, error));
    }
  };

  return {
    groups: groups
      .map((group) =>
        group.title === 'switcher.mine' ? group : { ...group, places: group.places.slice(0, MAX_OTHERS) },
      )
      .filter((group) => group.places.length > 0),
    open,
  };
}
