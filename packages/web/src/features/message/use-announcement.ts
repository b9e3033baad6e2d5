import type { MessageListState, RoomView } from '@madang/client';
import { useEffect, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';

/** The server counts unread messages to this many. */
export const MAX_UNREAD = 100;

export interface AnnouncementInput {
  view: RoomView;
  state: MessageListState;
  /** The list was opened at the first unread message. */
  isAtUnread: boolean;
  userId: string;
}

/**
 * The text for a screen reader: how many messages are unread, if the list opens at the first of them, and then each new
 * message from somebody else. Pages that are loaded are not announced.
 */
export function useAnnouncement({ view, state, isAtUnread, userId }: AnnouncementInput): string {
  const { t } = useTexts();
  const { messages, hasNewer } = state;
  const isReady = state.status === 'ready';
  const announcedUpTo = useRef<number>(undefined);
  const [news, setNews] = useState('');
  const [count, setCount] = useState<number>();
  if (isAtUnread && count === undefined) setCount(view.unread.get().unread);

  useEffect(() => {
    if (!isReady) return;
    const newest = messages.findLast((each) => each.delivery === 'sent');
    const upTo = announcedUpTo.current;
    announcedUpTo.current = hasNewer ? undefined : Math.max(upTo ?? 0, newest?.seq ?? 0);
    if (upTo === undefined || hasNewer) return;
    const fresh = messages.filter((each) => each.seq > upTo && each.author.id !== userId);
    if (fresh.length === 0) return;
    setNews(fresh.map((each) => t('message.announce', { name: each.author.name, text: each.text })).join('\n'));
  }, [messages, hasNewer, isReady, userId, t]);

  if (news !== '' || count === undefined) return news;
  return count < MAX_UNREAD ? t('message.unreadFrom', { count }) : t('message.unreadFromMany', { number: count });
}
