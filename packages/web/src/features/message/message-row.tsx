import type { ViewMessage } from '@madang/client';
import { Clock3 } from 'lucide-react';
import { memo, useState } from 'react';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useToday } from '../../state/calendar.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { formatDateTime, formatTime } from '../../state/format-time.js';
import { TOUCH } from '../../state/media.js';
import { usePage } from '../../state/page.js';
import type { UnsentText } from '../../state/unsent-text.js';
import { usePlace, useUnsentAt } from '../../state/use-unsent.js';
import { Avatar } from '../../ui/avatar.js';
import { Button } from '../../ui/button.js';
import { classNames } from '../../ui/class-names.js';
import { parts } from '../parts.js';
import { MessageEditor } from './message-editor.js';
import styles from './message-row.module.css';
import { MessageText } from './message-text.js';
import { MessageToolbar } from './message-toolbar.js';
import { ReactionBar } from './reaction-bar.js';
import { useMessageActions } from './use-actions.js';

export interface MessageRowProps {
  message: ViewMessage;
  /** The first of its group: with avatar, name and time. */
  isFirst: boolean;
  isEditing: boolean;
  /** The one row that the Tab key stops at. */
  isTabStop: boolean;
  onEdit: (key: string) => void;
  /** Its editor was closed; `returns` if the user goes back to the composer. */
  onEdited: (key: string, returns: boolean) => void;
  onDelete: (message: ViewMessage) => void;
}

/** A message: author, time, text, with its reactions, state and actions. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, isFirst } = props;
  const { t, i18n } = useTexts();
  const { react } = useMessageActions();
  useToday();
  const [isHovered, setIsHovered] = useState(false);
  const [isFocused, setIsFocused] = useState(false);
  const [isPicking, setIsPicking] = useState(false);
  const language = languageOf(i18n);
  const time = formatTime(language, message.at);
  const isDeleted = message.deletedAt !== undefined;
  const isSent = message.delivery === 'sent';
  const place = usePlace(message.room, message.id);
  const edit = useUnsentAt(isSent ? place : undefined);
  // An unsaved edit stays in sight even if its message is deleted.
  const hasEditor = edit ? !edit.edit?.isAside || props.isEditing || isDeleted : props.isEditing && message.can?.edit;
  const hasToolbar = (isHovered || isFocused || isPicking) && !isDeleted && isSent && !hasEditor;

  return (
    <article
      className={classNames(
        styles.row,
        isFirst && styles.first,
        (isHovered || isFocused || isPicking) && styles.active,
      )}
      data-message={message.key}
      data-delivery={message.delivery}
      tabIndex={props.isTabStop ? 0 : -1}
      aria-label={t('message.by', { name: message.author.name, when: formatDateTime(language, message.at) })}
      onPointerEnter={(event) => setIsHovered(event.pointerType === 'mouse')}
      onPointerLeave={() => setIsHovered(false)}
      onFocus={(event) => setIsFocused(event.target.matches(':focus-visible') || matchMedia(TOUCH).matches)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setIsFocused(false);
      }}
    >
      <div className={styles.gutter}>
        {isFirst ? (
          <Avatar id={message.author.id} name={message.author.name} />
        ) : (
          <time className={styles.gutterTime} dateTime={new Date(message.at).toISOString()}>
            {time}
          </time>
        )}
      </div>
      <div className={styles.content}>
        {isFirst && (
          <div className={styles.byline}>
            <span className={styles.author} title={message.author.name} translate="no">
              {message.author.name}
            </span>
            <time
              className={styles.time}
              dateTime={new Date(message.at).toISOString()}
              title={formatDateTime(language, message.at)}
            >
              {time}
            </time>
          </div>
        )}
        <MessageBody {...props} edit={edit} hasEditor={hasEditor === true} />
        {!isDeleted && <ReactionBar message={message} onReact={(emoji) => void react(message, emoji)} />}
      </div>
      {hasToolbar && (
        <MessageToolbar
          message={message}
          onPickingChange={setIsPicking}
          onEdit={() => props.onEdit(message.key)}
          onDelete={() => props.onDelete(message)}
        />
      )}
    </article>
  );
});

interface MessageBodyProps extends MessageRowProps {
  edit: UnsentText | undefined;
  hasEditor: boolean;
}

function MessageBody({ message, isEditing, edit, hasEditor, onEdit, onEdited }: MessageBodyProps) {
  const { t, i18n } = useTexts();
  const isDeleted = message.deletedAt !== undefined;
  if (hasEditor) {
    return (
      <>
        {isDeleted && <p className={styles.tombstone}>{t('message.deleted')}</p>}
        <MessageEditor
          message={message}
          edit={edit}
          takesFocus={isEditing}
          onDone={(returns) => onEdited(message.key, returns)}
        />
      </>
    );
  }
  if (isDeleted) return <p className={styles.tombstone}>{t('message.deleted')}</p>;
  return (
    <>
      <div className={classNames(message.delivery !== 'sent' && styles.unsent)}>
        <MessageText text={message.text} />
      </div>
      {parts.map(
        ({ name, MessageNote }) => MessageNote && <MessageNote key={name} message={message} className={styles.note} />,
      )}
      {message.editedAt !== undefined && (
        <span
          className={styles.edited}
          title={t('message.editedAt', { when: formatDateTime(languageOf(i18n), message.editedAt) })}
        >
          {t('message.edited')}
        </span>
      )}
      {message.delivery === 'pending' && (
        <span className={styles.note}>
          <Clock3 size={13} aria-hidden />
          {t('message.pending')}
        </span>
      )}
      {message.delivery === 'failed' && <FailedNote message={message} />}
      {edit && <AsideNote edit={edit} onContinue={() => onEdit(message.key)} />}
    </>
  );
}

/** An edit that was neither saved nor discarded when its editor was closed. */
function AsideNote({ edit, onContinue }: { edit: UnsentText; onContinue: () => void }) {
  const { t } = useTexts();
  const { unsent } = usePage();
  return (
    <div className={styles.aside}>
      <span>{t('message.editAside')}</span>
      <Button size="small" onClick={onContinue}>
        {t('message.editContinue')}
      </Button>
      <Button size="small" onClick={() => unsent.remove(edit)}>
        {t('unsent.discard')}
      </Button>
    </div>
  );
}

function FailedNote({ message }: { message: ViewMessage }) {
  const { t } = useTexts();
  const client = useClient();
  const { copyText } = useMessageActions();
  return (
    <div className={styles.failed}>
      <span>
        {t('message.failed')} {message.error && errorText(t, message.error)}
      </span>
      <Button size="small" onClick={() => client.retry(message.key)}>
        {t('message.resend')}
      </Button>
      <Button size="small" onClick={() => void copyText(message.text)}>
        {t('message.copy')}
      </Button>
      <Button size="small" onClick={() => client.discard(message.key)}>
        {t('message.discard')}
      </Button>
    </div>
  );
}
