import type { RoomState, RoomView, ViewMessage } from '@madang/client';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../../state/client-provider.js';
import { DialogPart, Part } from '../../ui/part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { TypingLine } from '../typing/typing-line.js';
import { ClosedComposer } from './closed-composer.js';
import { Composer } from './composer.js';
import styles from './conversation.module.css';
import { DeleteDialog } from './delete-dialog.js';
import { MessageList } from './message-list.js';
import { MessageRow, type MessageRowProps } from './message-row.js';

export interface ConversationProps {
  id: string;
  view: RoomView;
  state: RoomState;
  title: string;
}

/** A room's messages and the composer. Remounted for each room. */
export function Conversation({ id, view, state, title }: ConversationProps) {
  const { t } = useTranslation();
  const user = useUser();
  const [editing, setEditing] = useState<string>();
  const [deleting, setDeleting] = useState<ViewMessage>();
  const [sends, setSends] = useState(0);

  const edit = useCallback((key: string | undefined) => {
    setEditing(key);
    if (key === undefined) focusComposer();
  }, []);

  const editLast = () => {
    const own = state.messages.findLast((each) => each.author.id === user.id && each.can?.edit);
    if (own) setEditing(own.key);
  };

  return (
    <div className={styles.conversation}>
      {state.status === 'loading' ? (
        <Loading messages={state.messages} onDelete={setDeleting} onEdit={edit} />
      ) : (
        <Part>
          <MessageList
            view={view}
            state={state}
            title={title}
            editing={editing}
            onEdit={edit}
            onDelete={setDeleting}
            sends={sends}
            onLeave={focusComposer}
          />
        </Part>
      )}
      <Part renderFailure={() => null}>
        <TypingLine users={state.typing} />
      </Part>
      <Part>
        {state.room?.can.write === false ? (
          <ClosedComposer room={state.room} />
        ) : (
          <Composer
            room={id}
            label={t(state.room?.kind === 'direct' ? 'message.composerDirect' : 'message.composer', { name: title })}
            onSent={() => setSends((count) => count + 1)}
            onEditLast={editLast}
            onTyping={() => view.typing()}
          />
        )}
      </Part>
      {deleting && (
        <DialogPart onClose={() => setDeleting(undefined)}>
          <DeleteDialog message={deleting} onClose={() => setDeleting(undefined)} />
        </DialogPart>
      )}
    </div>
  );
}

interface LoadingProps extends Pick<MessageRowProps, 'onEdit' | 'onDelete'> {
  messages: readonly ViewMessage[];
}

/** Shown until the newest page is loaded. Messages sent meanwhile are shown all the same. */
function Loading({ messages, onEdit, onDelete }: LoadingProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.loading}>
      <div role="status" aria-busy aria-label={t('app.loading')}>
        <SkeletonRows count={7} hasAvatar />
      </div>
      {messages.map((message, index) => (
        <MessageRow
          key={message.key}
          message={message}
          isFirst={index === 0}
          isEditing={false}
          isTabStop
          onEdit={onEdit}
          onDelete={onDelete}
        />
      ))}
    </div>
  );
}

function focusComposer(): void {
  document.querySelector<HTMLElement>('#composer')?.focus();
}
