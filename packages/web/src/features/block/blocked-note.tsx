import type { UserRef } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { Button } from '../../ui/button.js';
import styles from './blocked-note.module.css';
import { useUnblock } from './use-unblock.js';

/** Takes the place of the composer in a direct room whose other user is blocked. */
export function BlockedNote({ user }: { user: UserRef }) {
  const { t } = useTexts();
  const unblock = useUnblock();
  return (
    <div className={styles.note}>
      <p>{t('block.note', { name: user.name })}</p>
      <Button onClick={() => void unblock(user.id)}>{t('block.unblock')}</Button>
    </div>
  );
}
