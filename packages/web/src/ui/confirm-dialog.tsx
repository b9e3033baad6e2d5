import { type ReactNode, useState } from 'react';
import { useTexts } from '../i18n/use-texts.js';
import { Button } from './button.js';
import styles from './confirm-dialog.module.css';
import { Dialog, DialogActions } from './dialog.js';

export interface ConfirmDialogProps {
  title: string;
  text: string;
  /** The label of the confirming button. */
  confirm: string;
  onConfirm(): Promise<void>;
  onClose: () => void;
  /** An error in words. */
  explain: (error: unknown) => string;
  children?: ReactNode;
}

/** Asks before something that can't be undone. Closes when it is done, or says why it failed. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTexts();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string>();

  const confirm = async () => {
    setIsBusy(true);
    try {
      await props.onConfirm();
      props.onClose();
    } catch (thrown) {
      setError(props.explain(thrown));
      setIsBusy(false);
    }
  };

  return (
    <Dialog kind="alert" title={props.title} description={props.text} onClose={props.onClose}>
      {props.children}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <DialogActions>
        <Button onClick={props.onClose}>{t('action.cancel')}</Button>
        <Button tone="danger" isBusy={isBusy} onClick={() => void confirm()} data-autofocus>
          {props.confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
