import type { ViewMessage } from '@madang/client';
import { SmilePlus, TextCursor } from 'lucide-react';
import { createContext, use, useCallback, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { TOUCH, useMedia } from '../../state/media.js';
import { classNames } from '../../ui/class-names.js';
import { Dialog } from '../../ui/dialog.js';
import type { MessageActionProps } from '../parts.js';
import emojiStyles from './emoji-popover.module.css';
import { emojiPicker } from './emoji-popover.js';
import { MessageActions } from './message-actions.js';
import styles from './message-sheet.module.css';
import { QUICK } from './message-toolbar.js';
import { selectText } from './select-text.js';
import { useMessageActions } from './use-actions.js';

/** Closes the sheet, then does what was chosen. */
const Choose = createContext<(act: () => void) => void>((act) => act());

export interface MessageSheetProps {
  message: ViewMessage;
  onEdit: (key: string) => void;
  onDelete: (message: ViewMessage) => void;
  onClose: () => void;
}

/** The actions on a message with their names: at the bottom of a phone, after a long press or the menu key. */
export function MessageSheet({ message, onEdit, onDelete, onClose }: MessageSheetProps) {
  const { t } = useTexts();
  const { react } = useMessageActions();
  const isTouch = useMedia(TOUCH);
  const [isPicking, setIsPicking] = useState(false);
  const choose = useCallback(
    (act: () => void) => {
      onClose();
      // The dialog first gives the focus back.
      requestAnimationFrame(act);
    },
    [onClose],
  );
  const pick = (emoji: string) => choose(() => void react(message, emoji));

  if (isPicking) {
    return (
      <Dialog title={t('emoji.title')} onClose={onClose}>
        <emojiPicker.View fallback={<p className={emojiStyles.loading}>{t('emoji.loading')}</p>} onPick={pick} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t('message.actions')} onClose={onClose}>
      <p className={styles.preview}>
        <b translate="no">{message.author.name}</b> {message.text}
      </p>
      {message.can?.react && (
        <div className={styles.reactions}>
          {QUICK.map((emoji) => (
            <button
              key={emoji}
              type="button"
              className={styles.emoji}
              aria-label={t('message.reactWith', { emoji })}
              aria-pressed={message.reactions?.find((each) => each.emoji === emoji)?.reacted ?? false}
              onClick={() => pick(emoji)}
            >
              {emoji}
            </button>
          ))}
          <button
            type="button"
            className={styles.emoji}
            aria-label={t('message.react')}
            onClick={() => setIsPicking(true)}
          >
            <SmilePlus size={22} aria-hidden />
          </button>
        </div>
      )}
      <div className={styles.lines}>
        <Choose value={choose}>
          {isTouch && <Line label={t('message.select')} Icon={TextCursor} onClick={() => selectText(message.key)} />}
          <MessageActions
            message={message}
            Button={Line}
            onEdit={() => onEdit(message.key)}
            onDelete={() => onDelete(message)}
          />
        </Choose>
      </div>
    </Dialog>
  );
}

function Line({ label, Icon, isDanger, onClick }: MessageActionProps) {
  const choose = use(Choose);
  return (
    <button
      type="button"
      className={classNames(styles.line, isDanger && styles.danger)}
      onClick={() => choose(onClick)}
    >
      <Icon size={20} aria-hidden />
      {label}
    </button>
  );
}
