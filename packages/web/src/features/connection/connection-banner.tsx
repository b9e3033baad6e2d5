import { CloudOff, WifiOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useObservable } from '../../state/client-provider.js';
import styles from './connection-banner.module.css';
import { StorageBanner } from './storage-banner.js';
import { VersionBanner } from './version-banner.js';

/** Shorter interruptions are not announced, in ms: they end on their own. */
const QUIET_MS = 1000;

/** Says that there is no connection, on whose side, and when the next attempt is; and what else the page lacks. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const client = useClient();
  const state = useObservable(client.state);
  const isBroken = state.status === 'reconnecting' || state.status === 'offline';
  const isShown = useAfter(isBroken, QUIET_MS);

  return (
    <div role="status" aria-label={t('connection.region')} className={styles.region}>
      {isShown && state.status === 'offline' && (
        <div className={styles.banner}>
          <WifiOff size={18} aria-hidden />
          <span>{t('connection.offline')}</span>
        </div>
      )}
      {isShown && state.status === 'reconnecting' && (
        <div className={styles.banner}>
          <CloudOff size={18} aria-hidden />
          <Countdown key={state.retryAt} until={state.retryAt} />
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

function useAfter(value: boolean, ms: number): boolean {
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (!value) return undefined;
    const timer = setTimeout(() => setIsLong(true), ms);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [value, ms]);
  return isLong;
}

/** The seconds are only for the eye; read out one by one they would be a nuisance. */
function Countdown({ until }: { until: number }) {
  const { t } = useTranslation();
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
