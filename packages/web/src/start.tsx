import './first-parts.js';
import './zod-without-eval.js';
import { createClient, indexedDbOfflineStore } from '@madang/client';
import type { EarlySocket } from '@madang/client/early';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { guardDom } from './guard-dom.js';
import { startI18n } from './i18n/i18n.js';
import { loadStyles } from './load-styles.js';
import { ClientProvider } from './state/client-provider.js';
import { openPage, PageProvider } from './state/page.js';
import { keepForOffline } from './state/service-worker.js';
import { keepIfWanted } from './state/kept-messages.js';
import { startHistory } from './state/history.js';
import { showTheme } from './state/theme.js';
import './theme/tokens.css';
import './theme/base.css';
import './theme/start-failure.css';
import './theme/visually-hidden.css';
import './theme/forced-colors.css';
import './theme/print.css';
import { CrashScreen } from './ui/crash-screen.js';

/** Starts the page. `early` is its connection, which is already opening. */
export async function start(early: EarlySocket): Promise<void> {
  const folder = new URL('.', document.baseURI).href;
  const offline = keepIfWanted(indexedDbOfflineStore(`madang-offline ${folder}`));
  const client = createClient({ transport: 'auto', credentials: 'cookie', offline, early });

  const page = openPage(client);

  guardDom();
  const startFailure = document.querySelector<HTMLElement>('#start-failure');

  showTheme();
  startHistory();
  await Promise.all([startI18n(), loadStyles()]);
  client.connect();
  if (startFailure) startFailure.hidden = true;

  const root = createRoot(document.querySelector('#root') as HTMLElement, {
    // Nothing is left to say it but the page itself.
    onUncaughtError: (error) => {
      if (startFailure) startFailure.hidden = false;
      reportError(error);
    },
  });
  root.render(
    <StrictMode>
      <CrashScreen>
        <ClientProvider client={client}>
          <PageProvider page={page}>
            <App />
          </PageProvider>
        </ClientProvider>
      </CrashScreen>
    </StrictMode>,
  );

  keepForOffline();
  import('./state/visible-area.js').then(
    ({ keepAboveKeyboard }) => keepAboveKeyboard(),
    // The browser scrolls to what is written in by itself, only less neatly.
    () => {},
  );
}
