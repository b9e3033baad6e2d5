import { CloudOff, WifiOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { useInterruption } from '../../state/use-interruption.js';
import styles from './connection-banner.module.css';
import { StorageBanner } from './storage-banner.js';
import { VersionBanner } from './version-banner.js';

/** Says that there is no connection, on whose side, and when the next attempt is; and what else the page lacks. */
export function ConnectionBanner() {
  const { t } = useTexts();
  const client = useClient();
  const interruption = useInterruption();

  return (
    <div role="status" aria-label={t('connection.region')} className={styles.region}>
      {interruption?.status === 'offline' && (
        <div className={styles.banner}>
          <WifiOff size={18} aria-hidden />
          <span>{t('connection.offline')}</span>
        </div>
      )}
      {interruption?.status === 'reconnecting' && (
        <div className={styles.banner}>
          <CloudOff size={18} aria-hidden />
          <Countdown key={interruption.retryAt} until={interruption.retryAt} />
          <button type="button" className={styles.retry} onClick={() => client.reconnectNow()}>
            {t('connection.tryNow')}
          </button>
        </div>
      )}
      <VersionBanner />
      <StorageBanner />
    </div>
  );
}

/** The seconds are only for the eye; read out one by one they would be a nuisance. */
function Countdown({ until }: { until: number }) {
  const { t } = useTexts();
  // By the clock that nobody can set: the device's may be corrected meanwhile.
  const [endsAt] = useState(() => performance.now() + until - Date.now());
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1000));
  return (
    <>
      <span aria-hidden>
        {seconds > 0 ? t('connection.reconnectingIn', { count: seconds }) : t('connection.reconnecting')}
      </span>
      <span className="visually-hidden">{t('connection.reconnecting')}</span>
    </>
  );
}
