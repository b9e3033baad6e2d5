import type { Client } from '@madang/client';
import type { UserRef } from '@madang/protocol';
import { useUser } from '../../state/client-provider.js';
import { type Answer, useAnswer } from '../../state/use-answer.js';

/** The most of the caller's rooms to search for people. */
const MAX_ROOMS = 30;

/** People in the caller's rooms, by name, except the caller and those already in the room `except`. */
export function useAcquaintances(except: string | undefined): Answer<readonly UserRef[]> {
  const user = useUser();
  return useAnswer((client) => acquaintances(client, user.id, except));
}

/** A room that can't be read contributes nobody. Throws `MadangError` if none can be, or `except`. */
async function acquaintances(client: Client, me: string, except: string | undefined): Promise<readonly UserRef[]> {
  const membersOf = async (room: string) =>
    (await client.call('member.list', { room, limit: 200 })).members.map((member) => member.user);
  const rooms = client.rooms.get().filter((room) => room.id !== except);
  const [present, ...others] = await Promise.all([
    except === undefined ? [] : membersOf(except),
    ...rooms.slice(0, MAX_ROOMS).map((room) => membersOf(room.id).catch((error: unknown) => ({ error }))),
  ]);
  const found = others.filter(Array.isArray);
  const [failed] = others;
  if (failed && found.length === 0 && 'error' in failed) throw failed.error;
  const hidden = new Set([me, ...present.map(({ id }) => id)]);
  const people = new Map(found.flat().map((each) => [each.id, each]));
  return [...people.values()].filter(({ id }) => !hidden.has(id)).sort((a, b) => a.name.localeCompare(b.name));
}
