import type { Room, UserRef } from '@madang/protocol';
import { type ReactNode, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useOtherWords } from '../../i18n/use-other-words.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities, useClient, useRooms } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { finder } from '../../state/find.js';
import { usesNow } from '../../state/used.js';
import { Avatar } from '../../ui/avatar.js';
import { showToast } from '../../ui/toast.js';
import { actions, type Keys } from '../action/actions.js';
import { useActionContext } from '../action/use-action-context.js';
import { useAcquaintances } from '../member/use-acquaintances.js';
import { useOpenDirect } from '../member/use-open-direct.js';
import { orderRooms } from '../room/order-rooms.js';
import { RoomIcon } from '../room/room-icon.js';
import { roomTitle } from '../room/room-title.js';
import { useRoomSearch } from '../room/use-room-search.js';
import { settings } from '../settings/settings.js';

/** Something to go to, or to do. */
export interface Entry {
  key: string;
  name: string;
  /** Other words that it is found by. */
  words?: string | undefined;
  note?: string | undefined;
  keys?: readonly Keys[] | undefined;
  icon: ReactNode;
  run: () => void;
}

/** Entries under one title. */
export interface EntryGroup {
  title: string;
  entries: readonly Entry[];
}

/** The most entries of a group, if something is searched for, or else of the user's rooms. */
const MAX_FOUND = 30;
const MAX_ROOMS = 12;

const ICON_PX = 17;

/** What the palette offers. */
export interface Entries {
  groups: readonly EntryGroup[];
  /** The server could not be asked: other rooms or people may be missing. */
  isPartial: boolean;
}

/**
 * The palette's entries: the user's rooms, the people in them, other public rooms, the actions that are possible now, and the
 * settings; or only people. A search matches any part of a name in either language. The best matches come first; among equal
 * ones, what was used most.
 */
export function useEntries(search: string, isOnlyPeople: boolean): Entries {
  const { t } = useTexts();
  const [uses] = useState(usesNow);
  const { people, isPartial: isPeoplePartial } = usePeople(search.trim() !== '' || isOnlyPeople);
  const { mine, others, isPartial: isOthersPartial } = useRoomEntries(search);
  const acts = useActionEntries();
  const groups: EntryGroup[] = isOnlyPeople
    ? [{ title: t('palette.people'), entries: people }]
    : [
        { title: t('palette.mine'), entries: mine },
        { title: t('palette.people'), entries: people },
        { title: t('palette.actions'), entries: acts.actions },
        { title: t('palette.settings'), entries: acts.settings },
        { title: t('palette.others'), entries: others },
      ];
  const isSearching = search.trim() !== '';
  const find = finder(search);
  const found = groups.map((group) => {
    const ranked = group.entries
      .map((entry) => ({ entry, found: find(entry.name, entry.words), uses: uses(entry.key) }))
      .filter((each) => each.found > 0)
      .toSorted((a, b) => b.found - a.found || b.uses - a.uses);
    const unsearched = group.entries === mine ? MAX_ROOMS : ranked.length;
    const most = isSearching ? MAX_FOUND : unsearched;
    return {
      title: group.title,
      entries: ranked.slice(0, most).map(({ entry }) => entry),
      best: isSearching ? (ranked[0]?.found ?? 0) : 0,
    };
  });
  return {
    groups: found.filter(({ entries }) => entries.length > 0).toSorted((a, b) => b.best - a.best),
    isPartial: isPeoplePartial || (isOthersPartial && isSearching && !isOnlyPeople),
  };
}

function useRoomEntries(search: string): { mine: Entry[]; others: Entry[]; isPartial: boolean } {
  const { t } = useTexts();
  const client = useClient();
  const [, go] = useLocation();
  const all = useRooms();
  const { rooms: found, error: failure } = useRoomSearch(search);
  const mine = useMemo(() => {
    return orderRooms(all).map((room): Entry => ({
      ...shown(room, roomTitle(t, room)),
      note: room.unread ? t('room.unread', { count: room.unread }) : undefined,
      run: () => go(`/r/${room.id}`),
    }));
  }, [t, all, go]);
  const join = async (room: Room) => {
    try {
      await client.call('room.join', { room: room.id });
      go(`/r/${room.id}`);
    } catch (error) {
      showToast(errorText(t, error));
    }
  };
  const others = (found ?? [])
    .filter((room) => !all.some((each) => each.id === room.id))
    .map((room): Entry => ({
      ...shown(room, room.name),
      note: t('room.members', { count: room.members }),
      run: () => void join(room),
    }));
  return { mine, others, isPartial: failure !== undefined };
}

function shown(room: Room, name: string): Pick<Entry, 'key' | 'name' | 'icon'> {
  return { key: `room-${room.id}`, name, icon: <RoomIcon room={room} title={name} /> };
}

/** People whom the user has no conversation with; of those, the room is listed. */
function usePeople(isWanted: boolean): { people: Entry[]; isPartial: boolean } {
  const openDirect = useOpenDirect();
  const rooms = useRooms();
  const { openDirects } = useAbilities();
  const { answer: people = [], error } = useAcquaintances(undefined);
  if (!isWanted || !openDirects) return { people: [], isPartial: false };
  const peers = new Map(rooms.flatMap(({ peer }) => (peer ? [[peer.id, peer]] : [])));
  const all: UserRef[] = [...people.filter(({ id }) => !peers.has(id))];
  const entries = all.map(({ id, name }) => ({
    key: `person-${id}`,
    name,
    icon: <Avatar id={id} name={name} size="small" />,
    run: () => void openDirect(id),
  }));
  return { people: entries, isPartial: error !== undefined };
}

function useActionEntries(): { actions: Entry[]; settings: Entry[] } {
  const { t } = useTexts();
  const context = useActionContext();
  const otherWords = useOtherWords();
  return {
    actions: actions
      .filter(({ isOffered }) => isOffered?.(context) ?? true)
      .map(({ id, label, words, icon: Icon, keys, run }) => ({
        key: `action-${id}`,
        name: label(t, context.room),
        words: otherWords((each) => label(each, context.room), words),
        keys: keys?.choices,
        icon: <Icon size={ICON_PX} aria-hidden />,
        run: () => run(context),
      })),
    settings: settings
      .filter(({ isOffered }) => isOffered?.(context.can) ?? true)
      .map(({ id, title, words, icon: Icon }) => ({
        key: `setting-${id}`,
        name: t(title),
        words: otherWords((each) => each(title), words),
        note: t('palette.settings'),
        icon: <Icon size={ICON_PX} aria-hidden />,
        run: () => context.go(`/settings/${id}`),
      })),
  };
}
