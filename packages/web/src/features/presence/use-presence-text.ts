import type { Member } from '@madang/client';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useMinute } from '../../state/calendar.js';
import { formatAgo } from '../../state/format-time.js';

/** A member's presence in words: `접속 중`, `5분 전 접속`. */
export function usePresenceText(): (member: Member) => string {
  const { t, i18n } = useTexts();
  const now = useMinute();
  return ({ presence, lastSeen }) => {
    if (presence !== 'offline' || lastSeen === undefined) return t(`member.${presence}`);
    const when = formatAgo(languageOf(i18n), lastSeen, now);
    return when === undefined ? t('member.lastSeenNow') : t('member.lastSeen', { when });
  };
}
