import type { ReactNode } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import type { Unsent } from '../../state/page-owner.js';
import { Button } from '../../ui/button.js';
import { useMessageActions } from '../message/use-actions.js';
import styles from './unsent-list.module.css';

export interface UnsentListProps {
  texts: readonly Unsent[];
  /** What else can be done with a text than to copy it. */
  renderActions?: (text: Unsent) => ReactNode;
}

/** Texts that were written and not sent, each with where it belongs. */
export function UnsentList({ texts, renderActions }: UnsentListProps) {
  const { t } = useTexts();
  const { copyText } = useMessageActions();
  return (
    <ul className={styles.list}>
      {texts.map((text) => (
        <li key={text.key} className={styles.entry}>
          <p className={styles.about}>
            {text.roomTitle && (
              <>
                <strong>{text.roomTitle}</strong> ·{' '}
              </>
            )}
            {t(`unsent.${text.kind}`)}
          </p>
          {/* Focusable, for it may scroll. */}
          <div className={styles.text} tabIndex={0} role="group" aria-label={t(`unsent.${text.kind}`)}>
            {text.text}
          </div>
          <div className={styles.actions}>
            {renderActions?.(text)}
            <Button size="small" onClick={() => void copyText(text.text)}>
              {t('message.copy')}
            </Button>
          </div>
        </li>
      ))}
    </ul>
  );
}
