import { HardDrive, X } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable } from '../../state/client-provider.js';
import { useStorageFails } from '../../state/storage.js';
import { IconButton } from '../../ui/icon-button.js';
import styles from './connection-banner.module.css';

/** Says what would be lost with the page if the browser stores nothing. Can be dismissed. */
export function StorageBanner() {
  const { t } = useTexts();
  const losesUnsent = useObservable(useClient().outboxError) !== undefined;
  const losesDrafts = useStorageFails();
  const [isPutAway, setIsPutAway] = useState(false);
  if (isPutAway || (!losesUnsent && !losesDrafts)) return null;
  const both = losesUnsent && losesDrafts;
  return (
    <div className={styles.banner}>
      <HardDrive size={18} aria-hidden />
      <span>
        {t(both ? 'connection.nothingKept' : losesUnsent ? 'connection.unsentNotKept' : 'connection.draftsNotKept')}
      </span>
      <IconButton label={t('action.close')} size="small" onClick={() => setIsPutAway(true)}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
