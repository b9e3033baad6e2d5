import { useTexts } from '../../i18n/use-texts.js';
import { ConnectionBanner } from '../connection/connection-banner.js';
import { Logo } from '../../ui/logo.js';
import styles from './splash.module.css';

/** Shown until the server has answered for the first time. */
export function Splash() {
  const { t } = useTexts();
  return (
    <div className={styles.page}>
      <ConnectionBanner />
      <main className={styles.center}>
        <Logo size={72} />
        <p role="status">{t('session.connecting')}</p>
      </main>
    </div>
  );
}
