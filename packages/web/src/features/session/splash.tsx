import { useTranslation } from 'react-i18next';
import { ConnectionBanner } from '../connection/connection-banner.js';
import { Logo } from '../../ui/logo.js';
import styles from './splash.module.css';

/** Shown until the server has answered for the first time. */
export function Splash() {
  const { t } = useTranslation();
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
