import type { Member } from '@madang/client';
import { useTranslation } from 'react-i18next';
import { languageOf } from '../../i18n/i18n.js';
import { formatAgo } from '../../state/format-time.js';

/** Whether somebody is here, in words: `접속 중`, `5분 전 접속`. */
export function usePresenceText(): (member: Member) => string {
  const { t, i18n } = useTranslation();
  return ({ presence, lastSeen }) =>
    presence === 'offline' && lastSeen !== undefined
      ? t('member.lastSeen', { when: formatAgo(languageOf(i18n), lastSeen) })
      : t(`member.${presence}`);
}
