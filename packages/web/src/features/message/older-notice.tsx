import { ArrowDown, LoaderCircle } from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { classNames } from '../../ui/class-names.js';
import { useLatest } from '../../ui/use-latest.js';
import { watchDrag } from '../../ui/watch-drag.js';
import listStyles from './message-list.module.css';
import styles from './older-notice.module.css';
import type { OlderPages } from './use-pages.js';

/** How far a finger pulls until older messages are loaded, in px. */
const PULL_PX = 72;
/** How long it is said that there are none, in ms. */
const SAID_MS = 2500;

/**
 * Says what is above the oldest message that is loaded: more messages that are loading, a page that failed (with "try again"),
 * or nothing. At the top of the list the user can pull down to load more.
 */
export function OlderNotice({ scroller, older }: { scroller: RefObject<HTMLElement | null>; older: OlderPages }) {
  const { t } = useTexts();
  const [pulled, setPulled] = useState(0);
  const [saysNone, setSaysNone] = useState(false);
  const latest = useLatest(older);

  useEffect(() => {
    const list = scroller.current;
    if (!list) return undefined;
    return watchDrag(list, 'down', {
      mayBegin: () => list.scrollTop <= 0,
      onMove: setPulled,
      onEnd: (px, speed) => {
        setPulled(0);
        if (speed === undefined || px < PULL_PX) return;
        if (latest.current.hasOlder) latest.current.load();
        else setSaysNone(true);
      },
    });
  }, [scroller, latest]);

  useEffect(() => {
    if (!saysNone) return undefined;
    const timer = setTimeout(() => setSaysNone(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [saysNone]);

  const isReady = pulled >= PULL_PX;
  const { hasOlder, state } = older;
  if (state === 'idle' && pulled === 0 && !saysNone) return null;
  return (
    <div
      className={listStyles.floating}
      role="status"
      style={{ translate: `0 ${Math.min(pulled, PULL_PX) / 3}px` }}
      data-testid="older"
    >
      <span className={styles.notice}>
        {!hasOlder && t('message.noOlder')}
        {hasOlder && state === 'loading' && (
          <>
            <LoaderCircle size={14} className={styles.spinner} aria-hidden />
            {t('message.loadingOlder')}
          </>
        )}
        {hasOlder && state === 'offline' && t('message.olderOffline')}
        {hasOlder && state === 'failed' && (
          <>
            {t('message.olderFailed')}
            <button type="button" className={styles.retry} onClick={older.load}>
              {t('part.retry')}
            </button>
          </>
        )}
        {hasOlder && state === 'idle' && (
          <>
            <ArrowDown size={14} className={classNames(styles.arrow, isReady && styles.ready)} aria-hidden />
            {t(isReady ? 'message.releaseOlder' : 'message.pullOlder')}
          </>
        )}
      </span>
    </div>
  );
}
