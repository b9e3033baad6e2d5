import type { ReactNode } from 'react';
import { useTexts } from '../i18n/use-texts.js';
import { reloadPage } from '../state/version.js';
import { Button } from './button.js';
import { Empty } from './empty.js';
import { Part } from './part.js';

/** Says that the page broke, with ways to continue, instead of a blank page: the outermost of the parts. */
export function CrashScreen({ children }: { children: ReactNode }) {
  return <Part renderFailure={(retry) => <Broken onRetry={retry} />}>{children}</Part>;
}

function Broken({ onRetry }: { onRetry: () => void }) {
  const { t } = useTexts();
  return (
    <main>
      <Empty
        isPage
        title={t('error.crashTitle')}
        actions={
          <>
            <Button tone="primary" onClick={reloadPage}>
              {t('part.reload')}
            </Button>
            <Button onClick={onRetry}>{t('part.retry')}</Button>
          </>
        }
      >
        {t('error.crashText')}
      </Empty>
    </main>
  );
}
