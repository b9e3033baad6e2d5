import type { ViewMessage } from '@madang/client';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

/**
 * The newest message from somebody else, in words for a screen reader. Ignores those that were there before, and older
 * pages.
 */
export function useAnnouncement(messages: readonly ViewMessage[], isReady: boolean, userId: string): string {
  const { t } = useTranslation();
  const announcedUpTo = useRef<number>(undefined);
  const [text, setText] = useState('');

  useEffect(() => {
    if (!isReady) return;
    const newest = messages.findLast((each) => each.delivery === 'sent');
    const upTo = announcedUpTo.current;
    announcedUpTo.current = Math.max(upTo ?? 0, newest?.seq ?? 0);
    if (upTo === undefined) return;
    const fresh = messages.filter((each) => each.seq > upTo && each.author.id !== userId);
    if (fresh.length === 0) return;
    setText(fresh.map((each) => t('message.announce', { name: each.author.name, text: each.text })).join('\n'));
  }, [messages, isReady, userId, t]);

  return text;
}
