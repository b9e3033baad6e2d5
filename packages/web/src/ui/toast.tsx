import { CircleAlert, X } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { useTexts } from '../i18n/use-texts.js';
import { Changes } from '../state/changes.js';
import { IconButton } from './icon-button.js';
import { useTopDialog } from './portal.js';
import styles from './toast.module.css';

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 6000;

let toasts: readonly Toast[] = [];
let nextId = 1;
const changes = new Changes();

/** Shows a passing notice, such as what could not be done; it disappears on its own. */
export function showToast(text: string): void {
  set([...toasts.filter((each) => each.text !== text), { id: nextId++, text }].slice(-3));
}

/** Where toasts appear; once in the page, inside the dialog that is on top. */
export function Toasts() {
  const { t } = useTexts();
  const shown = useSyncExternalStore(changes.subscribe, () => toasts);
  const dialog = useTopDialog();
  return createPortal(
    <div className={styles.toasts} role="status" aria-live="polite" aria-label={t('toast.region')}>
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>,
    dialog ?? document.body,
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const { t } = useTexts();
  const close = () => set(toasts.filter((each) => each.id !== toast.id));
  useEffect(() => {
    const timer = setTimeout(() => set(toasts.filter((each) => each.id !== toast.id)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast.id]);
  return (
    <div className={styles.toast}>
      <CircleAlert size={18} aria-hidden />
      <span>{toast.text}</span>
      <IconButton label={t('action.close')} size="small" onClick={close} className={styles.close}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}

function set(next: readonly Toast[]): void {
  toasts = next;
  changes.tell();
}
