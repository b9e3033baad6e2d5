/** The page with a fake server, to look at it: `npx vite packages/web`, then `/test/dev/index.html?signed-out`. */
import '../../src/zod-without-eval.js';
import { createRoot } from 'react-dom/client';
import { App } from '../../src/app.js';
import { startI18n } from '../../src/i18n/i18n.js';
import { ClientProvider } from '../../src/state/client-provider.js';
import { openPage, PageProvider } from '../../src/state/page.js';
import { showTheme } from '../../src/state/theme.js';
import '../../src/theme/tokens.css';
import '../../src/theme/base.css';
import '../../src/theme/visually-hidden.css';
import { CrashScreen } from '../../src/ui/crash-screen.js';
import { fakeClient } from './fake-client.js';

const options = new URLSearchParams(location.search);
const client = fakeClient(options);

const page = openPage(client);

showTheme();
await startI18n();
client.connect();
createRoot(document.querySelector('#root') as HTMLElement).render(
  <CrashScreen>
    <ClientProvider client={client}>
      <PageProvider page={page}>
        <App />
      </PageProvider>
    </ClientProvider>
  </CrashScreen>,
);
