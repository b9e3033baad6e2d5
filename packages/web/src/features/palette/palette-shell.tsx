import { Search } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { Dialog } from '../../ui/dialog.js';
import styles from './palette.module.css';

let typed = '';

/** What was typed before the palette was there. */
export function takeTyped(): string {
  const before = typed;
  typed = '';
  return before;
}

/** Takes what is typed while the palette loads: it would otherwise go into the message that is being written. */
export function PaletteShell({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const close = () => {
    takeTyped();
    onClose();
  };
  return (
    <Dialog kind="search" title={t('room.goTo')} onClose={close}>
      <div className={styles.search}>
        <Search size={18} aria-hidden />
        <input
          className={styles.input}
          aria-label={t('room.goTo')}
          aria-busy
          autoComplete="off"
          data-autofocus
          onChange={({ target }) => (typed = target.value)}
        />
      </div>
    </Dialog>
  );
}
