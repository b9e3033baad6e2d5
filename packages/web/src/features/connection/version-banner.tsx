import { Sparkles } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { reloadPage, useNewVersion, useVersionCheck } from '../../state/version.js';
import styles from './connection-banner.module.css';

/** Says that the server has a newer web client than the open one. */
export function VersionBanner() {
  const { t } = useTexts();
  useVersionCheck();
  if (!useNewVersion()) return null;
  return (
    <div className={styles.banner}>
      <Sparkles size={18} aria-hidden />
      <span>{t('connection.newVersion')}</span>
      <button type="button" className={styles.retry} onClick={reloadPage}>
        {t('part.reload')}
      </button>
    </div>
  );
}
