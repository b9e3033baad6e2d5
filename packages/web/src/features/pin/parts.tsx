import type { Activity, ViewMessage } from '@madang/client';
import type { Message, Room } from '@madang/protocol';
import { Pin, PinOff } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable, useRoomView } from '../../state/client-provider.js';
import { useOffer } from '../../state/offers.js';
import { IconButton } from '../../ui/icon-button.js';
import { lazyDialog } from '../../ui/lazy-part.js';
import type { MessageButtonProps, Parts } from '../parts.js';
import { useSetPinned } from './use-set-pinned.js';

const PinsDialog = lazyDialog(() => import('./pins-dialog.js'), 'PinsDialog');

/** The most that reading the list again waits, in ms: everybody in a room may have to at once. */
const REREAD_MS = 2000;

/** Opens the list of a room's pinned messages, with their number. */
function PinsButton({ room }: { room: Room }) {
  const { t } = useTexts();
  const [isOpen, setIsOpen] = useState(false);
  const pins = usePins(room.id, isOpen);
  useOffer('pins', () => setIsOpen(true));
  if (pins.length === 0 && !isOpen) return null;
  return (
    <>
      <IconButton
        label={t('pin.count', { count: pins.length })}
        count={pins.length}
        aria-haspopup="dialog"
        onClick={() => setIsOpen(true)}
      >
        <Pin size={18} aria-hidden />
      </IconButton>
      {isOpen && <PinsDialog room={room} pins={pins} onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** Pins a message, or unpins it. */
function PinToggle({ message, Button }: MessageButtonProps) {
  const { t } = useTexts();
  const setPinned = useSetPinned();
  if (!message.can?.pin) return null;
  const isPinned = message.pinned !== undefined;
  return (
    <Button
      label={t(isPinned ? 'pin.unpin' : 'pin.pin')}
      Icon={isPinned ? PinOff : Pin}
      onClick={() => void setPinned(message.id, !isPinned)}
    />
  );
}

/** Says at a message that it is pinned, and by whom. */
function PinNote({ message, className }: { message: ViewMessage; className: string | undefined }) {
  const { t } = useTexts();
  if (!message.pinned) return null;
  return (
    <span className={className}>
      <Pin size={13} aria-hidden />
      {t('pin.by', { name: message.pinned.by.name })}
    </span>
  );
}

/** The list as the server gave it, and up to which event it is right without those that the room has shown since. */
interface Loaded {
  pins: readonly Message[];
  head: number;
}

/**
 * A room's pinned messages, kept up to date by its events, and read again when the list is opened: an edit of a message that
 * isn't loaded tells only its id and text.
 */
function usePins(room: string, isOpen: boolean): readonly Message[] {
  const client = useClient();
  const view = useRoomView(room);
  // It changes with each event. Watching the messages themselves would load a page of them.
  useObservable(view.room);
  const activity = useObservable(view.activity);
  const { messages } = view.messages.get();
  const { status } = useObservable(client.state);
  const [loaded, setLoaded] = useState<Loaded>();
  const { pins, missing } = useMemo(
    () => (loaded ? pinsAfter(loaded, activity, messages) : { pins: [], missing: undefined }),
    [loaded, activity, messages],
  );
  useEffect(() => {
    if (status !== 'online') return undefined;
    let isWanted = true;
    const read = async () => {
      try {
        const answer = await client.call('pin.list', { room });
        if (isWanted) setLoaded({ pins: answer.messages, head: answer.head });
      } catch {
        // The next connection, or the next event, asks again.
      }
    };
    const timer = setTimeout(() => void read(), missing === undefined || isOpen ? 0 : Math.random() * REREAD_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [client, room, status, missing, isOpen]);
  return pins;
}

/** The list after a room's later events; `missing` is the seq of one that pinned a message which isn't loaded. */
function pinsAfter(
  { pins, head }: Loaded,
  activity: readonly Activity[],
  messages: readonly ViewMessage[],
): { pins: Message[]; missing: number | undefined } {
  const shown = new Map(messages.map((message) => [message.id, message]));
  let after: Message[] = pins.map((pin) => {
    const message = shown.get(pin.id);
    return message ? { ...message, ...(pin.pinned && { pinned: pin.pinned }) } : pin;
  });
  let missing: number | undefined;
  for (const event of activity) {
    if (event.seq <= head || (event.type !== 'message.pinned' && event.type !== 'message.unpinned')) continue;
    const message = shown.get(event.messageId) ?? after.find(({ id }) => id === event.messageId);
    after = after.filter(({ id }) => id !== event.messageId);
    if (event.type === 'message.unpinned') continue;
    if (message) after.unshift({ ...message, pinned: { by: event.actor, at: event.at } });
    else missing = event.seq;
  }
  return { pins: after.filter(({ deletedAt }) => deletedAt === undefined), missing };
}

export const parts: Parts = {
  RoomButton: PinsButton,
  MessageButton: PinToggle,
  MessageNote: PinNote,
  sentences: {
    'message.pinned': (t, { actor }) => t('pin.pinned', { name: actor.name }),
    'message.unpinned': (t, { actor }) => t('pin.unpinned', { name: actor.name }),
  },
};
