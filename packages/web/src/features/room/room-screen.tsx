import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoom } from '../../state/client-provider.js';
import { PHONE, useMedia, WIDE } from '../../state/media.js';
import { rememberRoom } from '../../state/last-room.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { DialogPart, Part } from '../../ui/part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { MemberPanel } from '../member/member-panel.js';
import { useMembers } from '../member/use-members.js';
import { RoomDetails } from './room-details.js';
import { RoomHeader } from './room-header.js';
import { RoomPreview } from './room-preview.js';
import styles from './room-screen.module.css';
import { roomTitle } from './room-title.js';

const conversation = lazyPart(() => import('../message/conversation.js'), 'Conversation');

/** Starts loading what a conversation needs (markdown, the list) before there is one to show. */
export const preloadConversation = conversation.preload;

/** One room: header, conversation, members. Remounted for each room. */
export function RoomScreen({ id }: { id: string }) {
  const { t } = useTranslation();
  const { view, state } = useRoom(id);
  const isPhone = useMedia(PHONE);
  const isWide = useMedia(WIDE);
  const [wantsPeople, setWantsPeople] = useState<boolean>();
  const [isShowingDetails, setIsShowingDetails] = useState(false);
  const { room, status } = state;
  const isDirect = room?.kind === 'direct';
  const hasPeople = !isDirect && (wantsPeople ?? isWide);
  useMembers(view, room !== undefined && (isDirect || hasPeople));

  useEffect(() => {
    if (room) rememberRoom(id);
  }, [room, id]);

  if (status === 'gone') return <RoomPreview id={id} />;
  if (!room) {
    return (
      <div className={styles.waiting} role="status" aria-busy aria-label={t('app.loading')}>
        <SkeletonRows count={7} hasAvatar />
      </div>
    );
  }
  const title = roomTitle(t, room);
  return (
    <div className={styles.screen}>
      <div className={styles.main}>
        <Part>
          <RoomHeader
            room={room}
            title={title}
            peer={state.members.find((each) => each.user.id === room.peer?.id)}
            isPhone={isPhone}
            hasPeople={hasPeople}
            onPeople={() => setWantsPeople(!hasPeople)}
            onDetails={() => setIsShowingDetails(true)}
          />
        </Part>
        <conversation.View
          fallback={<SkeletonRows count={7} hasAvatar />}
          id={id}
          view={view}
          state={state}
          title={title}
        />
      </div>
      {hasPeople && <MemberPanel room={room} state={state} isOverlay={!isWide} onClose={() => setWantsPeople(false)} />}
      {isShowingDetails && (
        <DialogPart onClose={() => setIsShowingDetails(false)}>
          <RoomDetails room={room} onClose={() => setIsShowingDetails(false)} />
        </DialogPart>
      )}
    </div>
  );
}
