import type { MessageListState, Room, RoomView, ViewMessage } from '@madang/client';
import { memo, useCallback, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable, useUser } from '../../state/client-provider.js';
import { useOffer } from '../../state/offers.js';
import { lazyDialog } from '../../ui/lazy-part.js';
import { Part } from '../../ui/part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import type { OpenedList } from '../room/room-screen.js';
import { SwipeToRooms } from '../room/swipe-to-rooms.js';
import { TypingLine } from '../typing/typing-line.js';
import { ClosedComposer } from './closed-composer.js';
import { Composer } from './composer.js';
import styles from './conversation.module.css';
import { EditsElsewhere } from './edits-elsewhere.js';
import { MessageList, type MessageListProps } from './message-list.js';
import { MessageRow, type MessageRowProps } from './message-row.js';

const DeleteDialog = lazyDialog(() => import('./delete-dialog.js'), 'DeleteDialog');
const MessageSheet = lazyDialog(() => import('./message-sheet.js'), 'MessageSheet');

export interface ConversationProps {
  room: Room;
  view: RoomView;
  opened: OpenedList;
  title: string;
  /** Shows the newest messages, which the list that is open does not reach. */
  onEnd: () => void;
  /** Shows the first unread message, which the list that is open does not reach. */
  onUnread: () => void;
}

/** A room's messages and the composer. Remounted for each room. */
export function Conversation({ room, view, opened, title, onEnd, onUnread }: ConversationProps) {
  const { t } = useTexts();
  const user = useUser();
  const [editing, setEditing] = useState<string>();
  const [acting, setActing] = useState<ViewMessage>();
  const [deleting, setDeleting] = useState<ViewMessage>();
  const [sends, setSends] = useState(0);

  const edited = useCallback((key: string, returns: boolean) => {
    setEditing((current) => (current === key ? undefined : current));
    if (returns) focusComposer();
  }, []);

  const editLast = () => {
    const { messages, hasNewer } = opened.list.get();
    // The last one is among the newest; they are shown first.
    if (hasNewer) return onEnd();
    const own = messages.findLast((each) => each.author.id === user.id && each.can?.edit);
    if (own) setEditing(own.key);
  };

  useOffer('editLast', room.can.write ? editLast : undefined);

  const sent = () => {
    if (opened.list.get().hasNewer) onEnd();
    setSends((count) => count + 1);
  };

  return (
    <div className={styles.conversation}>
      <Messages
        // Another list is another place to scroll to.
        key={opened.key}
        view={view}
        opened={opened}
        title={title}
        editing={editing}
        onEdit={setEditing}
        onEdited={edited}
        onDelete={setDeleting}
        onActions={setActing}
        sends={sends}
        onLeave={focusComposer}
        onEnd={onEnd}
        onUnread={onUnread}
      />
      <Part renderFailure={() => null}>
        <TypingLine typists={view.typists} />
      </Part>
      <Part renderFailure={() => null}>
        <EditsElsewhere room={room.id} list={opened.list} />
      </Part>
      <Part>
        {room.can.write ? (
          <Composer
            room={room.id}
            title={title}
            label={t(room.kind === 'direct' ? 'message.composerDirect' : 'message.composer', { name: title })}
            onSent={sent}
            onEditLast={editLast}
            onTyping={() => view.typing()}
          />
        ) : (
          <ClosedComposer room={room} />
        )}
      </Part>
      <SwipeToRooms />
      {acting && (
        <MessageSheet
          message={acting}
          onEdit={setEditing}
          onDelete={setDeleting}
          onClose={() => setActing(undefined)}
        />
      )}
      {deleting && <DeleteDialog message={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

/** The messages, once there are some to show. Rendered again only for what is in the list. */
const Messages = memo(function Messages(props: Omit<MessageListProps, 'state'>) {
  const state = useObservable(props.opened.list);
  if (state.status === 'loading') {
    const { onEdit, onEdited, onDelete } = props;
    return <Loading state={state} onEdit={onEdit} onEdited={onEdited} onDelete={onDelete} />;
  }
  return (
    <Part>
      <MessageList {...props} state={state} />
    </Part>
  );
});

interface LoadingProps extends Pick<MessageRowProps, 'onEdit' | 'onEdited' | 'onDelete'> {
  state: MessageListState;
}

/**
 * Shown until the first page is loaded, which takes long without a connection, or while the server refuses it. Messages sent
 * meanwhile are shown all the same.
 */
function Loading({ state: { messages, error }, onEdit, onEdited, onDelete }: LoadingProps) {
  const { t } = useTexts();
  const { status } = useObservable(useClient().state);
  const isBroken = status === 'offline' || status === 'reconnecting';
  const why = isBroken ? t('message.notKept') : error ? t('message.notLoaded') : undefined;
  return (
    <div className={styles.loading}>
      <div role="status" aria-busy={why === undefined} aria-label={why === undefined ? t('app.loading') : undefined}>
        {why === undefined ? <SkeletonRows count={7} hasAvatar /> : <p className={styles.why}>{why}</p>}
      </div>
      {messages.map((message, index) => (
        <MessageRow
          key={message.key}
          message={message}
          isFirst={index === 0}
          isEditing={false}
          isTabStop
          onEdit={onEdit}
          onEdited={onEdited}
          onDelete={onDelete}
        />
      ))}
    </div>
  );
}

function focusComposer(): void {
  document.querySelector<HTMLElement>('#composer')?.focus();
}
