import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoute } from 'wouter';
import { Routes } from '../../routes.js';
import { PHONE, useMedia } from '../../state/media.js';
import { lazyDialog } from '../../ui/lazy-part.js';
import { DialogPart, Part } from '../../ui/part.js';
import { isQuestionMark, isShortcut, takesText } from '../../ui/shortcuts.js';
import { ConnectionBanner } from '../connection/connection-banner.js';
import { Sidebar } from './sidebar.js';
import { Switcher } from './switcher.js';
import { useDocumentTitle } from './use-document-title.js';
import { useLastRoom } from './use-last-room.js';
import styles from './workspace.module.css';

const BrowseDialog = lazyDialog(() => import('./browse-dialog.js'), 'BrowseDialog');
const CreateDialog = lazyDialog(() => import('./create-dialog.js'), 'CreateDialog');
const ShortcutsDialog = lazyDialog(() => import('../help/shortcuts-dialog.js'), 'ShortcutsDialog');

/** The workspace: the rooms on one side, the chosen one in the middle; on a phone one of the two. */
export function Workspace() {
  const { t } = useTranslation();
  const isPhone = useMedia(PHONE);
  const [, params] = useRoute('/r/:id');
  const [dialog, setDialog] = useState<'browse' | 'create' | 'switcher' | 'shortcuts'>();
  const main = useRef<HTMLElement>(null);
  const current = params?.id;
  const hasSidebar = !isPhone || current === undefined;
  const hasMain = !isPhone || current !== undefined;
  // On a phone the list is a page of its own.
  const Side = isPhone ? 'main' : 'div';
  useDocumentTitle(current);
  useLastRoom(isPhone);
  useShortcuts(setDialog);
  const close = () => setDialog(undefined);

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
              <Sidebar
                isPage={isPhone}
                current={current}
                onBrowse={() => setDialog('browse')}
                onCreate={() => setDialog('create')}
                onSwitch={() => setDialog('switcher')}
              />
            </Part>
          </Side>
        )}
        {hasMain && (
          <main ref={main} className={styles.main} tabIndex={-1}>
            <Part key={current}>
              <Routes onBrowse={() => setDialog('browse')} onCreate={() => setDialog('create')} />
            </Part>
          </main>
        )}
      </div>
      {dialog && (
        <DialogPart key={dialog} onClose={close}>
          {dialog === 'browse' && <BrowseDialog onClose={close} onCreate={() => setDialog('create')} />}
          {dialog === 'create' && <CreateDialog onClose={close} />}
          {dialog === 'switcher' && <Switcher onClose={close} />}
          {dialog === 'shortcuts' && <ShortcutsDialog onClose={close} />}
        </DialogPart>
      )}
    </div>
  );
}

function focusConversation(main: HTMLElement | null): void {
  const composer = main?.querySelector<HTMLElement>('#composer');
  (composer ?? main)?.focus();
}

/** The shortcuts that work everywhere; `?` only where it is not typed. */
function useShortcuts(open: (dialog: 'switcher' | 'shortcuts') => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const isHelp = isShortcut(event, 'help') || (isQuestionMark(event) && !takesText(event.target));
      if (!isHelp && !isShortcut(event, 'switcher')) return;
      event.preventDefault();
      open(isHelp ? 'shortcuts' : 'switcher');
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [open]);
}
