import type { UserRef } from '@madang/protocol';
import { useEffect, useState } from 'react';
import { useClient, useUser } from '../../state/client-provider.js';

/** The most of the caller's rooms to search for people. */
const MAX_ROOMS = 30;

/**
 * People in the caller's rooms, by name, except the caller and those already in the room `except`; undefined while
 * loading. A room that can't be read contributes nobody.
 */
export function useAcquaintances(except: string | undefined): readonly UserRef[] | undefined {
  const client = useClient();
  const user = useUser();
  const [people, setPeople] = useState<readonly UserRef[]>();

  useEffect(() => {
    let isCurrent = true;
    const membersOf = async (room: string) => {
      try {
        return (await client.call('member.list', { room, limit: 200 })).members.map((member) => member.user);
      } catch {
        return [];
      }
    };
    const find = async () => {
      const rooms = client.rooms.get().filter((room) => room.id !== except);
      const [present, ...others] = await Promise.all([
        except === undefined ? [] : membersOf(except),
        ...rooms.slice(0, MAX_ROOMS).map((room) => membersOf(room.id)),
      ]);
      const hidden = new Set([user.id, ...(present ?? []).map((each) => each.id)]);
      const found = new Map(others.flat().map((each) => [each.id, each]));
      const list = [...found.values()].filter((each) => !hidden.has(each.id));
      if (isCurrent) setPeople(list.sort((a, b) => a.name.localeCompare(b.name)));
    };
    void find();
    return () => {
      isCurrent = false;
    };
  }, [client, user.id, except]);

  return people;
}
