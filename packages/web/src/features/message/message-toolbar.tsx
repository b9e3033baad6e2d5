import type { ViewMessage } from '@madang/client';
import { SmilePlus } from 'lucide-react';
import { useRef } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { IconButton } from '../../ui/icon-button.js';
import type { MessageActionProps } from '../parts.js';
import { EmojiPopover } from './emoji-popover.js';
import { MessageActions } from './message-actions.js';
import styles from './message-toolbar.module.css';
import { useMessageActions } from './use-actions.js';
import { useToolbarPlace } from './use-toolbar-place.js';

/** Reactions that are one press away. */
export const QUICK = ['👍', '❤️', '😄', '🙏'];

export interface MessageToolbarProps {
  message: ViewMessage;
  onPickingChange: (isPicking: boolean) => void;
  onEdit: () => void;
  onDelete: () => void;
}

/** The actions on a message, at its upper edge while it has the pointer or the focus. */
export function MessageToolbar({ message, onPickingChange, onEdit, onDelete }: MessageToolbarProps) {
  const { t } = useTexts();
  const ref = useRef<HTMLDivElement>(null);
  useToolbarPlace(ref);
  return (
    <div ref={ref} className={styles.toolbar} role="toolbar" aria-label={t('message.actions')}>
      {message.can?.react && <ReactionButtons message={message} onPickingChange={onPickingChange} />}
      <div className={styles.group}>
        <MessageActions message={message} Button={ToolbarButton} onEdit={onEdit} onDelete={onDelete} />
      </div>
    </div>
  );
}

function ToolbarButton({ label, Icon, onClick }: MessageActionProps) {
  return (
    <IconButton size="small" label={label} onClick={onClick}>
      <Icon size={16} aria-hidden />
    </IconButton>
  );
}

function ReactionButtons({ message, onPickingChange }: Pick<MessageToolbarProps, 'message' | 'onPickingChange'>) {
  const { t } = useTexts();
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
