import { Fragment } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useShortcutKeys } from '../../ui/shortcuts.js';
import type { Keys } from './actions.js';
import styles from './keys.module.css';

/** The keys of an action as this keyboard has them: keys pressed together, and others that do the same. */
export function ActionKeys({ choices }: { choices: readonly Keys[] }) {
  const { t } = useTexts();
  const keysOf = useShortcutKeys();
  return choices.map((choice, at) => {
    const keys = typeof choice === 'string' ? keysOf(choice) : choice;
    return (
      <Fragment key={keys.join(' ')}>
        {at > 0 && <span className={styles.or}> {t('shortcuts.or')} </span>}
        <kbd className={styles.keys}>
          {keys.map((key, index) => (
            <Fragment key={key}>
              {index > 0 && ' '}
              <kbd>{key === 'Menu' ? t('shortcuts.menuKey') : key}</kbd>
            </Fragment>
          ))}
        </kbd>
      </Fragment>
    );
  });
}
