import type { ViewMessage } from '@madang/client';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { TOUCH, useMedia } from '../../state/media.js';
import { Button } from '../../ui/button.js';
import { GrowingTextArea } from '../../ui/growing-text-area.js';
import { ByteNote } from './byte-note.js';
import { endsComposition } from './composition.js';
import styles from './message-editor.module.css';
import { asSent, isSendable } from './sendable-text.js';

/** Edits the text of the user's own message in place. */
export function MessageEditor({ message, onDone }: { message: ViewMessage; onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const isTouch = useMedia(TOUCH);
  const [text, setText] = useState(message.text);
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const mayBeSaved = isSendable(text);

  const save = async () => {
    if (!mayBeSaved || isBusy) return;
    const edited = asSent(text);
    if (edited === message.text) return onDone();
    setIsBusy(true);
    try {
      await client.call('message.edit', { message: message.id, text: edited });
      onDone();
    } catch (thrown) {
      setError(errorText(t, thrown));
      setIsBusy(false);
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (endsComposition(event.nativeEvent)) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      onDone();
    } else if (event.key === 'Enter' && !event.shiftKey && !isTouch) {
      event.preventDefault();
      void save();
    }
  };

  return (
    <div className={styles.editor}>
      <GrowingTextArea
        className={styles.input}
        aria-label={t('message.editLabel')}
        value={text}
        maxRows={12}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        ref={focusAtEnd}
      />
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <div className={styles.actions}>
        <span className={styles.hint}>{t(isTouch ? 'message.editHintTouch' : 'message.editHint')}</span>
        <ByteNote text={text} />
        <Button size="small" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button size="small" tone="primary" disabled={!mayBeSaved} isBusy={isBusy} onClick={() => void save()}>
          {t('action.save')}
        </Button>
      </div>
    </div>
  );
}

function focusAtEnd(element: HTMLTextAreaElement | null): void {
  if (!element) return;
  element.focus();
  element.setSelectionRange(element.value.length, element.value.length);
}
