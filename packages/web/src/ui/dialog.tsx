import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { useTexts } from '../i18n/use-texts.js';
import { useBackCloses } from '../state/history.js';
import { classNames } from './class-names.js';
import { endsComposition } from './composition.js';
import styles from './dialog.module.css';
import { IconButton } from './icon-button.js';
import { openOnTop, PortalContainer } from './portal.js';

export interface DialogProps {
  title: string;
  description?: string;
  onClose: () => void;
  /** `alert`: asks before something that can't be undone. `search`: no visible title, near the top. */
  kind?: 'form' | 'alert' | 'search';
  children: ReactNode;
}

/**
 * A modal dialog, open while it is rendered. It is the browser's own: it traps the focus, makes the page inert, closes
 * on Escape and returns the focus. It needs no style element, which the content security policy would refuse.
 */
export function Dialog({ title, description, onClose, kind = 'form', children }: DialogProps) {
  const { t } = useTexts();
  const ref = useRef<HTMLDialogElement>(null);
  const [container, setContainer] = useState<HTMLElement | null>(null);
  const hasInput = useRef(false);
  const id = useId();
  useBackCloses(true, onClose);

  // Before the next key: one dialog may take the place of another while somebody types.
  useLayoutEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    setContainer(dialog);
    const close = dialog && openOnTop(dialog);
    (dialog?.querySelector<HTMLElement>('[data-autofocus]') ?? dialog)?.focus();
    return () => {
      close?.();
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={ref}
      className={classNames(styles.dialog, styles[kind])}
      tabIndex={-1}
      role={kind === 'alert' ? 'alertdialog' : undefined}
      aria-labelledby={`${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      onKeyDown={(event) => {
        // It belongs to the text that is being composed, not to the dialog.
        if (event.key === 'Escape' && endsComposition(event.nativeEvent)) event.preventDefault();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onInput={() => (hasInput.current = true)}
      onPointerDown={(event) => {
        // A slip of the hand beside a form does not lose what was written in it.
        const isSafe = !hasInput.current || !ref.current?.querySelector('form');
        if (event.target === ref.current && isSafe) onClose();
      }}
    >
      <PortalContainer value={container}>
        <div className={styles.body}>
          <header className={kind === 'search' ? 'visually-hidden' : styles.header}>
            <h2 id={`${id}-title`}>{title}</h2>
            {kind === 'form' && (
              <IconButton label={t('action.close')} onClick={onClose}>
                <X size={18} aria-hidden />
              </IconButton>
            )}
          </header>
          {description && (
            <p id={`${id}-description`} className={styles.description}>
              {description}
            </p>
          )}
          {children}
        </div>
      </PortalContainer>
    </dialog>
  );
}

/** The row of buttons at a dialog's end. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
