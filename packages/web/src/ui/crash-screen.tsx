import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.js';
import { Empty } from './empty.js';

/** Shows that the page broke, with a way on, instead of a blank page. */
export class CrashScreen extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <main>
      <Empty
        isPage
        title={t('error.crashTitle')}
        actions={
          <Button tone="primary" onClick={() => location.reload()}>
            {t('error.crashReload')}
          </Button>
        }
      >
        {t('error.crashText')}
      </Empty>
    </main>
  );
}
