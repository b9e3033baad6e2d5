import type { Message, Room } from '@madang/protocol';
import { CornerDownRight, Pin, PinOff } from 'lucide-react';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { formatDate } from '../../state/format-time.js';
import { Avatar } from '../../ui/avatar.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { IconButton } from '../../ui/icon-button.js';
import { ListEntry } from '../../ui/list.js';
import { jumpTo } from '../message/jump.js';
import { useSetPinned } from './use-set-pinned.js';

export interface PinsDialogProps {
  room: Room;
  pins: readonly Message[];
  onClose: () => void;
}

/** A room's pinned messages, with ways to each and to unpin it. */
export function PinsDialog({ room, pins, onClose }: PinsDialogProps) {
  const { t, i18n } = useTexts();
  const setPinned = useSetPinned();
  const language = languageOf(i18n);
  const jump = (message: Message) => {
    onClose();
    // The dialog first gives the focus back.
    requestAnimationFrame(() => jumpTo(message));
  };
  return (
    <Dialog title={t('pin.title')} onClose={onClose}>
      {pins.length === 0 && (
        <Empty icon={<Pin size={28} aria-hidden />} title={t('pin.none')}>
          {room.can.pin && t('pin.noneText')}
        </Empty>
      )}
      <ul>
        {pins.map((message) => (
          <ListEntry
            key={message.id}
            icon={<Avatar id={message.author.id} name={message.author.name} size="small" />}
            title={message.author.name}
            text={message.text}
            about={
              message.pinned &&
              t('pin.byWhen', { name: message.pinned.by.name, when: formatDate(language, message.pinned.at) })
            }
          >
            <IconButton label={t('pin.jump', { name: message.author.name })} onClick={() => jump(message)}>
              <CornerDownRight size={18} aria-hidden />
            </IconButton>
            {room.can.pin && (
              <IconButton
                label={t('pin.unpinName', { name: message.author.name })}
                onClick={() => void setPinned(message.id, false)}
              >
                <PinOff size={18} aria-hidden />
              </IconButton>
            )}
          </ListEntry>
        ))}
      </ul>
    </Dialog>
  );
}
