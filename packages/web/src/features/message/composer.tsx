import { isBlank } from '@madang/protocol';
import { SendHorizontal, Smile } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { TOUCH, useMedia } from '../../state/media.js';
import { usePage } from '../../state/page.js';
import { usePlace, useUnsentAt, useUnsentField } from '../../state/use-unsent.js';
import { endsComposition } from '../../ui/composition.js';
import { GrowingTextArea } from '../../ui/growing-text-area.js';
import { IconButton } from '../../ui/icon-button.js';
import { insertText } from '../../ui/insert-text.js';
import { ByteNote } from './byte-note.js';
import styles from './composer.module.css';
import { EmojiPopover } from './emoji-popover.js';
import { languageByScript } from './script-language.js';
import { asSent, isSendable } from './sendable-text.js';

export interface ComposerProps {
  room: string;
  /** What the room is called. */
  title: string;
  label: string;
  onSent: () => void;
  /** Called for ArrowUp in an empty composer. */
  onEditLast: () => void;
  onTyping: () => void;
}

/** The input for messages, with the room's draft, which the user's other tabs show too. Remounted for each room. */
export function Composer({ room, title, label, onSent, onEditLast, onTyping }: ComposerProps) {
  const { t } = useTexts();
  const client = useClient();
  const isTouch = useMedia(TOUCH);
  const { unsent } = usePage();
  const place = usePlace(room);
  const text = useUnsentAt(place)?.text ?? '';
  const input = useRef<HTMLTextAreaElement>(null);
  const wasAllSelected = useUnsentField(input, place);

  const change = (next: string, isAll = false) => {
    unsent.write(place, { text: next, roomTitle: title, isReplacing: isAll });
    if (!isBlank(next)) onTyping();
  };

  const send = () => {
    // Not what was rendered last: it may have been sent since, here or in another tab.
    const draft = unsent.at(place);
    if (!draft || !isSendable(draft.text)) return;
    // The outbox shows a refusal in the message's own row.
    client.send(room, asSent(draft.text)).sent.catch(() => {});
    unsent.remove(draft);
    onSent();
    input.current?.focus();
  };

  const insert = (emoji: string) => {
    if (input.current) insertText(input.current, emoji);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (endsComposition(event.nativeEvent)) return;
    if (event.key === 'Enter' && !event.shiftKey && !isTouch) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      onEditLast();
    }
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={styles.box}>
        <GrowingTextArea
          ref={(element) => {
            input.current = element;
            if (!isTouch && mayTakeFocus()) element?.focus({ preventScroll: true });
          }}
          id="composer"
          autoComplete="off"
          className={styles.input}
          aria-label={label}
          lang={languageByScript(text)}
          placeholder={label}
          value={text}
          maxRows={8}
          enterKeyHint={isTouch ? 'enter' : 'send'}
          onChange={(event) => change(event.target.value, wasAllSelected())}
          onKeyDown={onKeyDown}
        />
        <EmojiPopover
          onPick={insert}
          focusAfter={() => input.current}
          trigger={
            <IconButton label={t('message.emoji')}>
              <Smile size={20} aria-hidden />
            </IconButton>
          }
        />
        <button type="submit" className={styles.send} aria-label={t('message.send')} disabled={!isSendable(text)}>
          <SendHorizontal size={18} aria-hidden />
        </button>
      </div>
      <div className={styles.below}>
        <span className={styles.hint} data-shown={text !== '' && !isTouch}>
          {t('message.hint')} · {t('message.format')}
        </span>
        <ByteNote text={text} />
      </div>
    </form>
  );
}

/** A user who came by a room's link, or has done nothing yet, wants to write; one who is at a button does not. */
function mayTakeFocus(): boolean {
  const active = document.activeElement;
  return active === null || active === document.body || active.matches('a[data-room]');
}
