import type { Activity } from '@madang/client';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { formatList } from '../../state/format-time.js';
import { activitySentences } from './activity-sentences.js';
import styles from './activity-line.module.css';

/** Joins, leaves and other changes between two messages. */
export function ActivityLine({ items }: { items: readonly Activity[] }) {
  const { t, i18n } = useTexts();
  const sentences = activitySentences(t, (names) => formatList(languageOf(i18n), names), items);
  return <div className={styles.line}>{sentences.join(' ')}</div>;
}
