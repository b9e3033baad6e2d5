import type { ViewMessage } from '@madang/client';
import { Copy, Pencil, SmilePlus, Trash2 } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/icon-button.js';
import { parts } from '../parts.js';
import { EmojiPopover } from './emoji-popover.js';
import styles from './message-toolbar.module.css';
import { useMessageActions } from './use-actions.js';
import { useToolbarPlace } from './use-toolbar-place.js';

const QUICK = ['👍', '❤️', '😄', '🙏'];

export interface MessageToolbarProps {
  message: ViewMessage;
  onPickingChange: (isPicking: boolean) => void;
  onEdit: () => void;
  onDelete: () => void;
}

/** The actions on a message, at its upper edge while it has the pointer or the focus. */
export function MessageToolbar({ message, onPickingChange, onEdit, onDelete }: MessageToolbarProps) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDivElement>(null);
  useToolbarPlace(ref);
  const { copyText } = useMessageActions();
  return (
    <div ref={ref} className={styles.toolbar} role="toolbar" aria-label={t('message.actions')}>
      {message.can?.react && <ReactionButtons message={message} onPickingChange={onPickingChange} />}
      <div className={styles.group}>
        {message.can?.edit && (
          <IconButton size="small" label={t('message.edit')} onClick={onEdit}>
            <Pencil size={16} aria-hidden />
          </IconButton>
        )}
        {parts.map(({ name, MessageButton }) => MessageButton && <MessageButton key={name} message={message} />)}
        <IconButton size="small" label={t('message.copy')} onClick={() => void copyText(message.text)}>
          <Copy size={16} aria-hidden />
        </IconButton>
        {message.can?.delete && (
          <IconButton size="small" label={t('message.delete')} onClick={onDelete}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        )}
      </div>
    </div>
  );
}

function ReactionButtons({ message, onPickingChange }: Pick<MessageToolbarProps, 'message' | 'onPickingChange'>) {
  const { t } = useTranslation();
  const { react } = useMessageActions();
  return (
    <div className={styles.group}>
      {QUICK.map((emoji) => (
        <IconButton
          key={emoji}
          size="small"
          label={t('message.reactWith', { emoji })}
          className={styles.quick}
          onClick={() => void react(message, emoji)}
        >
          {emoji}
        </IconButton>
      ))}
      <EmojiPopover
        onOpenChange={onPickingChange}
        onPick={(emoji) => void react(message, emoji)}
        trigger={
          <IconButton size="small" label={t('message.react')}>
            <SmilePlus size={17} aria-hidden />
          </IconButton>
        }
      />
    </div>
  );
}
