import { useTexts } from '../../i18n/use-texts.js';
import { bytesLeftToTell } from './byte-limit.js';
import styles from './byte-note.module.css';

/** Shows how many more bytes fit, if they are few. */
export function ByteNote({ text }: { text: string }) {
  const { t } = useTexts();
  const left = bytesLeftToTell(text);
  if (left === undefined) return null;
  return (
    <span className={left < 0 ? styles.over : styles.left} role="status">
      {left < 0 ? t('message.bytesOver', { count: -left }) : t('message.bytesLeft', { count: left })}
    </span>
  );
}
