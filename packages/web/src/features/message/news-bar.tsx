import type { RoomView } from '@madang/client';
import { ArrowUp, X } from 'lucide-react';
import { languageOf, type Translate } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import { dayOf, formatDateTime, formatTime } from '../../state/format-time.js';
import { IconButton } from '../../ui/icon-button.js';
import styles from './news-bar.module.css';
import type { Row } from './rows.js';
import { MAX_UNREAD } from './use-announcement.js';

export interface NewsBarProps {
  view: RoomView;
  rows: readonly Row[];
  onFirst: () => void;
  onClose: () => void;
}

/** What has come while the user looked away, with the way to the first of it. Closing it leaves all of it as read. */
export function NewsBar({ view, rows, onFirst, onClose }: NewsBarProps) {
  const { t, i18n } = useTexts();
  const { unread } = useObservable(view.unread);
  const first = rows[rows.findIndex((row) => row.kind === 'unread') + 1];
  const words = newsWords(t, unread);
  return (
    <div className={styles.bar} role="status">
      <button type="button" className={styles.first} onClick={onFirst}>
        <ArrowUp size={16} aria-hidden />
        {first?.kind === 'message' ? t('message.since', { words, when: whenOf(i18n, first.at) }) : words}
      </button>
      <IconButton label={t('action.close')} size="small" className={styles.close} onClick={onClose}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}

/** `3 new messages`. */
export function newsWords(t: Translate, unread: number): string {
  return unread < MAX_UNREAD ? t('message.jumpCount', { count: unread }) : t('message.jumpMany', { number: unread });
}

function whenOf(i18n: Parameters<typeof languageOf>[0], at: number): string {
  const format = dayOf(at) === dayOf(Date.now()) ? formatTime : formatDateTime;
  return format(languageOf(i18n), at);
}
