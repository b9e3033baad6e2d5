import type { ViewMessage } from '@madang/client';
import { Clock3 } from 'lucide-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { languageOf } from '../../i18n/i18n.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { formatDateTime, formatTime } from '../../state/format-time.js';
import { TOUCH } from '../../state/media.js';
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
  onEdit: (key: string | undefined) => void;
  onDelete: (message: ViewMessage) => void;
}

/** A message: author, time, text, with its reactions, state and actions. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, isFirst } = props;
  const { t, i18n } = useTranslation();
  const { react } = useMessageActions();
  const [isHovered, setIsHovered] = useState(false);
  const [isFocused, setIsFocused] = useState(false);
  const [isPicking, setIsPicking] = useState(false);
  const language = languageOf(i18n);
  const time = formatTime(language, message.at);
  const isDeleted = message.deletedAt !== undefined;
  const hasToolbar =
    (isHovered || isFocused || isPicking) && !isDeleted && message.delivery === 'sent' && !props.isEditing;

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
            <span className={styles.author}>{message.author.name}</span>
            <time
              className={styles.time}
              dateTime={new Date(message.at).toISOString()}
              title={formatDateTime(language, message.at)}
            >
              {time}
            </time>
          </div>
        )}
        <MessageBody {...props} />
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

function MessageBody({ message, isEditing, onEdit }: MessageRowProps) {
  const { t, i18n } = useTranslation();
  if (message.deletedAt !== undefined) return <p className={styles.tombstone}>{t('message.deleted')}</p>;
  if (isEditing && message.can?.edit) return <MessageEditor message={message} onDone={() => onEdit(undefined)} />;
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
    </>
  );
}

function FailedNote({ message }: { message: ViewMessage }) {
  const { t } = useTranslation();
  const client = useClient();
  return (
    <div className={styles.failed}>
      <span>
        {t('message.failed')} {message.error && errorText(t, message.error)}
      </span>
      <Button size="small" onClick={() => client.retry(message.key)}>
        {t('message.resend')}
      </Button>
      <Button size="small" onClick={() => client.discard(message.key)}>
        {t('message.discard')}
      </Button>
    </div>
  );
}
