import type { ViewMessage } from '@madang/client';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable, useRoomView } from '../../state/client-provider.js';
import { errorCode, errorText } from '../../state/error-text.js';
import { TOUCH, useMedia } from '../../state/media.js';
import { usePage } from '../../state/page.js';
import type { UnsentText } from '../../state/unsent-text.js';
import { usePlace, useUnsentField } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import { endsComposition } from '../../ui/composition.js';
import { GrowingTextArea } from '../../ui/growing-text-area.js';
import { roomTitle } from '../room/room-title.js';
import { ByteNote } from './byte-note.js';
import styles from './message-editor.module.css';
import { MessageText } from './message-text.js';
import { languageByScript } from './script-language.js';
import { asSent, isSendable } from './sendable-text.js';
import { useMessageActions } from './use-actions.js';

export interface MessageEditorProps {
  message: ViewMessage;
  /** The edit in progress; undefined while nothing is changed. */
  edit: UnsentText | undefined;
  /** The user has just asked for it. */
  takesFocus: boolean;
  /** It is closed; `returns` if the user goes back to the composer. */
  onDone: (returns: boolean) => void;
}

/**
 * Edits the text of the user's own message in place. What is written is kept until it is saved or discarded, whatever
 * happens to the message, the room or the page.
 */
export function MessageEditor({ message, edit, takesFocus, onDone }: MessageEditorProps) {
  const { t } = useTexts();
  const client = useClient();
  const { unsent } = usePage();
  const { copyText } = useMessageActions();
  const isTouch = useMedia(TOUCH);
  const place = usePlace(message.room, message.id);
  const room = useObservable(useRoomView(message.room).room);
  const title = room ? roomTitle(t, room) : (edit?.roomTitle ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  const wasAllSelected = useUnsentField(field, place);
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const text = edit?.text ?? message.text;
  const before = edit?.edit?.before ?? message.text;
  const isDeleted = message.deletedAt !== undefined;
  const mayEdit = message.can?.edit === true;
  const isSaved = edit !== undefined && asSent(text) === message.text && before !== message.text;
  const isConflict = !isDeleted && before !== message.text && !isSaved && !isBusy;
  const mayBeSaved = mayEdit && !isConflict && isSendable(text);

  const write = (next: string, from = before, isReplacing = false) => {
    const of = { message: message.id, seq: message.seq, before: from };
    unsent.write(place, { text: next, roomTitle: title, edit: of, isReplacing });
  };

  const discard = () => {
    const written = unsent.at(place);
    if (written) unsent.remove(written);
    onDone(true);
  };

  /** Closes the editor. What was changed stays, below the message. */
  const putAside = () => {
    const written = unsent.at(place);
    if (!written?.edit || written.text === written.edit.before) return discard();
    unsent.write(place, { text: written.text, roomTitle: title, edit: { ...written.edit, isAside: true } });
    onDone(true);
  };

  const save = async () => {
    if (!mayBeSaved || isBusy) return;
    const edited = asSent(text);
    if (edited === message.text) return discard();
    setIsBusy(true);
    setError(undefined);
    try {
      await client.call('message.edit', { message: message.id, text: edited, was: before });
      const written = unsent.at(place);
      if (!written || asSent(written.text) === edited) discard();
      // More was written meanwhile.
      else write(written.text, edited);
    } catch (thrown) {
      // A conflict is shown as soon as the other edit has arrived.
      setError(errorCode(thrown) === 'conflict' ? t('message.editConflict') : errorText(t, thrown));
    }
    setIsBusy(false);
  };

  useEffect(() => {
    // It was saved in another tab, or here before the connection was lost.
    if (!isSaved || isBusy) return;
    unsent.remove(edit);
    onDone(document.activeElement === field.current);
    // oxlint-disable-next-line react/exhaustive-deps -- only once it is
  }, [isSaved, isBusy]);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (endsComposition(event.nativeEvent)) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      putAside();
    } else if (event.key === 'Enter' && !event.shiftKey && !isTouch) {
      event.preventDefault();
      void save();
    }
  };

  const problem = isDeleted ? t('message.editDeleted') : mayEdit ? error : t('message.editForbidden');
  return (
    <div className={styles.editor}>
      {isConflict && mayEdit && (
        <div className={styles.conflict} role="alert">
          <p>{t('message.editConflict')}</p>
          <div className={styles.theirs}>
            <MessageText text={message.text} />
          </div>
          <div className={styles.actions}>
            <Button size="small" onClick={discard}>
              {t('message.editTakeTheirs')}
            </Button>
            <Button size="small" onClick={() => write(text, message.text)}>
              {t('message.editKeepMine')}
            </Button>
          </div>
        </div>
      )}
      <GrowingTextArea
        className={styles.input}
        aria-label={t('message.editLabel')}
        lang={languageByScript(text)}
        autoComplete="off"
        value={text}
        maxRows={12}
        readOnly={isDeleted || !mayEdit}
        onChange={(event) => write(event.target.value, before, wasAllSelected())}
        onKeyDown={onKeyDown}
        ref={(element) => {
          field.current = element;
          if (takesFocus) focusAtEnd(element);
        }}
      />
      {problem && (
        <p className={styles.error} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.actions}>
        {mayEdit && <span className={styles.hint}>{t(isTouch ? 'message.editHintTouch' : 'message.editHint')}</span>}
        <ByteNote text={text} />
        {(problem || isConflict) && (
          <Button size="small" onClick={() => void copyText(text)}>
            {t('message.copy')}
          </Button>
        )}
        {mayEdit ? (
          <>
            <Button size="small" onClick={putAside}>
              {t('action.cancel')}
            </Button>
            <Button size="small" tone="primary" disabled={!mayBeSaved} isBusy={isBusy} onClick={() => void save()}>
              {t('action.save')}
            </Button>
          </>
        ) : (
          <Button size="small" onClick={discard}>
            {t('unsent.discard')}
          </Button>
        )}
      </div>
    </div>
  );
}

function focusAtEnd(element: HTMLTextAreaElement | null): void {
  if (!element) return;
  element.focus();
  element.setSelectionRange(element.value.length, element.value.length);
}
