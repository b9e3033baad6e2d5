import { useEffect, useRef } from 'react';
import { useLocation, useRoute } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { Routes } from '../../routes.js';
import { PHONE, useMedia } from '../../state/media.js';
import { openDialog } from '../../state/page-dialog.js';
import { Part } from '../../ui/part.js';
import { isQuestionMark, isShortcut, takesText } from '../../ui/shortcuts.js';
import { ConnectionBanner } from '../connection/connection-banner.js';
import { PageDialogs } from '../page-dialogs.js';
import { Sidebar } from './sidebar.js';
import { useDocumentTitle } from './use-document-title.js';
import { useLastRoom } from './use-last-room.js';
import styles from './workspace.module.css';

/** The workspace: the rooms on one side, the chosen one in the middle; on a phone one of the two. */
export function Workspace() {
  const { t } = useTexts();
  const isPhone = useMedia(PHONE);
  const [, params] = useRoute('/r/:id');
  const [isSettings] = useRoute('/settings/:setting?');
  const main = useRef<HTMLElement>(null);
  const current = params?.id;
  const hasMain = !isPhone || current !== undefined || isSettings;
  const hasSidebar = !isPhone || !hasMain;
  // On a phone the list is a page of its own.
  const Side = isPhone ? 'main' : 'div';
  useDocumentTitle(current);
  useLastRoom(isPhone);
  useShortcuts();

  return (
    <div className={styles.page}>
      {hasMain && (
        <button type="button" className={styles.skip} onClick={() => focusConversation(main.current)}>
          {t('app.skip')}
        </button>
      )}
      <Part>
        <ConnectionBanner />
      </Part>
      <div className={styles.panes}>
        {hasSidebar && (
          <Side className={styles.side}>
            <Part>
              <Sidebar isPage={isPhone} current={current} />
            </Part>
          </Side>
        )}
        {hasMain && (
          <main ref={main} className={styles.main} tabIndex={-1}>
            <Part key={current}>
              <Routes />
            </Part>
          </main>
        )}
      </div>
      <PageDialogs />
    </div>
  );
}

function focusConversation(main: HTMLElement | null): void {
  const composer = main?.querySelector<HTMLElement>('#composer');
  (composer ?? main)?.focus();
}

/** The shortcuts that work everywhere; `?` only where it is not typed. */
function useShortcuts(): void {
  const [, go] = useLocation();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isShortcut(event, 'palette')) openDialog('palette');
      else if (isShortcut(event, 'help') || (isQuestionMark(event) && !takesText(event.target)))
        openDialog('shortcuts');
      else if (isShortcut(event, 'settings')) go('/settings');
      else return;
      event.preventDefault();
    };
    // Before all others: a field keeps its keys from what is around it, and these are not its own.
    window.addEventListener('keydown', onKeyDown, { capture: true });
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true });
  }, [go]);
}
