import { errorText } from '../../state/error-text.js';
import { copyToClipboard } from '../../ui/clipboard.js';
import { showToast } from '../../ui/toast.js';
import { isMuted } from '../room/order-rooms.js';
import type { ActionContext } from './actions.js';

/** Marks everything in the room as read. */
export function markRoomRead({ client, room, t }: ActionContext): Promise<void> {
  return attempt(t, async () => room && client.call('read.mark', { room: room.id, seq: room.head }));
}

/** Makes the room one of the user's favorites, or ends that. */
export function toggleFavorite({ client, room, t }: ActionContext): Promise<void> {
  return attempt(t, async () => room && client.call('membership.set', { room: room.id, favorite: !room.favorite }));
}

/** Mutes the room, or ends that. */
export function toggleMuted({ client, room, t }: ActionContext): Promise<void> {
  const level = room && isMuted(room) ? 'all' : 'nothing';
  return attempt(t, async () => room && client.call('notification.set', { room: room.id, level }));
}

/** Copies the address of the room. */
export async function copyRoomLink({ room, t }: ActionContext): Promise<void> {
  const address = new URL(`#/r/${room?.id}`, location.href).href;
  showToast(t((await copyToClipboard(address)) ? 'room.copied' : 'room.copyFailed'));
}

/** Does it, or says why not. */
async function attempt(t: ActionContext['t'], act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    showToast(errorText(t, error));
  }
}
