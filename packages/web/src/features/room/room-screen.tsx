import type { MessageList, RoomView } from '@madang/client';
import { useCallback, useEffect, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable, useRoomView } from '../../state/client-provider.js';
import { PHONE, useMedia, WIDE } from '../../state/media.js';
import { rememberRoom } from '../../state/last-room.js';
import { useOffer } from '../../state/offers.js';
import { openRoomDialog } from '../../state/page-dialog.js';
import { classNames } from '../../ui/class-names.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { Part } from '../../ui/part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import panelStyles from '../member/member-panel.module.css';
import { useMembers } from '../member/use-members.js';
import { useJumps } from '../message/jump.js';
import { RoomHeader } from './room-header.js';
import { RoomWaiting } from './room-waiting.js';
import styles from './room-screen.module.css';
import { roomTitle } from './room-title.js';

const preview = lazyPart(() => import('./room-preview.js'), 'RoomPreview');
const memberPanel = lazyPart(() => import('../member/member-panel.js'), 'MemberPanel');
const conversation = lazyPart(() => import('../message/conversation.js'), 'Conversation');

/** Starts loading what a conversation needs (the list, the composer) before there is one to show. */
export const preloadConversation = conversation.preload;

/** One room: header, conversation, members. Remounted for each room. */
export function RoomScreen({ id }: { id: string }) {
  const { t } = useTexts();
  const view = useRoomView(id);
  const room = useObservable(view.room);
  const status = useObservable(view.status);
  const { opened, toEnd, toUnread } = useOpenedList(view);
  const isPhone = useMedia(PHONE);
  const isWide = useMedia(WIDE);
  const [wantsPeople, setWantsPeople] = useState<boolean>();
  const [searches, setSearches] = useState(0);
  const isDirect = room?.kind === 'direct';
  const hasPeople = !isDirect && (wantsPeople ?? isWide);
  const membersFailure = useMembers(view, room !== undefined && (isDirect || hasPeople));

  const hasPanel = room !== undefined && !isDirect;
  useOffer('people', hasPanel ? () => setWantsPeople(!hasPeople) : undefined);
  const searchPeople = () => {
    setWantsPeople(true);
    setSearches((count) => count + 1);
  };
  useOffer('searchPeople', hasPanel ? searchPeople : undefined);

  useEffect(() => {
    if (room) rememberRoom(id);
  }, [room, id]);

  if (status === 'gone') return <preview.View id={id} fallback={null} />;
  if (!room) return <RoomWaiting list={opened.list} />;
  const title = roomTitle(t, room);
  return (
    <div className={styles.screen}>
      <div className={styles.main}>
        <Part>
          <RoomHeader
            room={room}
            title={title}
            members={view.members}
            isPhone={isPhone}
            hasPeople={hasPeople}
            onPeople={() => setWantsPeople(!hasPeople)}
            onDetails={() => openRoomDialog('details', id)}
          />
        </Part>
        <conversation.View
          fallback={<SkeletonRows count={7} hasAvatar />}
          room={room}
          view={view}
          opened={opened}
          title={title}
          onEnd={toEnd}
          onUnread={toUnread}
        />
      </div>
      {hasPeople && (
        <memberPanel.View
          // As wide as the panel, so that the messages stay where they are.
          fallback={<div className={classNames(panelStyles.panel, !isWide && panelStyles.overlay)} />}
          room={room}
          members={view.members}
          failure={membersFailure}
          isOverlay={!isWide}
          searches={searches}
          onClose={() => setWantsPeople(false)}
        />
      )}
    </div>
  );
}

/** The list that a room shows, and where in it the user begins. */
export interface OpenedList {
  /** Another number for each time that a list is opened. */
  key: number;
  list: MessageList;
  /** A seq: at that message. */
  at: 'unread' | 'end' | number;
}

interface Opening {
  opened: OpenedList;
  toEnd: () => void;
  toUnread: () => void;
}

/** Opens a room at its first unread message. `toEnd` shows the newest ones instead, a jump those around a message. */
function useOpenedList(view: RoomView): Opening {
  const [opened, setOpened] = useState<OpenedList>(() => ({ key: 0, list: view.list('unread'), at: 'unread' }));
  const open = useCallback(
    (list: MessageList, at: OpenedList['at']) => setOpened(({ key }) => ({ key: key + 1, list, at })),
    [],
  );
  // It loads before there is anything to show it in, and tells whether the user is in the room at all.
  useEffect(() => opened.list.subscribe(() => {}), [opened]);
  useJumps('room', ({ seq }) => {
    open(view.list({ around: seq }), seq);
    return true;
  });
  const toEnd = useCallback(() => open(view.list('end'), 'end'), [open, view]);
  const toUnread = useCallback(() => open(view.list('unread'), 'unread'), [open, view]);
  useOffer('firstUnread', toUnread);
  useOffer('newest', toEnd);
  return { opened, toEnd, toUnread };
}
