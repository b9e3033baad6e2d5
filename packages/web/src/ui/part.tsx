import { CircleAlert, RotateCw } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTexts } from '../i18n/use-texts.js';
import { reloadPage } from '../state/version.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import styles from './part.module.css';

export interface PartProps {
  children: ReactNode;
  /** Shown if the part fails; a notice with "try again" if absent. */
  renderFailure?: (retry: () => void) => ReactNode;
}

/** A part of the page that can fail without taking the rest with it. */
export class Part extends Component<PartProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    const { children, renderFailure } = this.props;
    if (!this.state.hasFailed) return children;
    const retry = () => this.setState({ hasFailed: false });
    return renderFailure ? renderFailure(retry) : <PartFailure onRetry={retry} />;
  }
}

/** A dialog that can fail, and then says so in a dialog. */
export function DialogPart({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const renderFailure = (retry: () => void) => (
    <FailedDialog onClose={onClose}>
      <PartFailure onRetry={retry} />
    </FailedDialog>
  );
  return <Part renderFailure={renderFailure}>{children}</Part>;
}

/** The dialog that says so. */
export function FailedDialog({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const { t } = useTexts();
  return (
    <Dialog title={t('part.failedTitle')} onClose={onClose}>
      {children}
    </Dialog>
  );
}

export interface PartFailureProps {
  /** What happened; by default, that the part could not be shown. */
  text?: string;
  /** Absent if only reloading the page helps. */
  onRetry?: (() => void) | undefined;
  /** Reloading the page may help where trying again does not. */
  canReload?: boolean;
  /** Other buttons, such as one that leads away. */
  children?: ReactNode;
}

/** Says that a part could not be shown, and tries again on request. */
export function PartFailure({ text, onRetry, canReload, children }: PartFailureProps) {
  const { t } = useTexts();
  return (
    <div className={styles.failure} role="alert">
      <CircleAlert size={22} aria-hidden />
      <p>{text ?? t('part.failed')}</p>
      <div className={styles.actions}>
        {children}
        {onRetry && (
          <Button size="small" onClick={onRetry}>
            <RotateCw size={15} aria-hidden />
            {t('part.retry')}
          </Button>
        )}
        {canReload && (
          <Button size="small" onClick={reloadPage}>
            {t('part.reload')}
          </Button>
        )}
      </div>
    </div>
  );
}
