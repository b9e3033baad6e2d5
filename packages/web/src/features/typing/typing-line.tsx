import type { Observable } from '@madang/client';
import type { UserRef } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import styles from './typing-line.module.css';

/** Who is typing. Always one line high, so that nothing moves when somebody begins. */
export function TypingLine({ typists }: { typists: Observable<readonly UserRef[]> }) {
  const { t } = useTexts();
  const users = useObservable(typists);
  const [a, b] = users;
  const text = !a
    ? ''
    : !b
      ? t('typing.one', { a: a.name })
      : users.length === 2
        ? t('typing.two', { a: a.name, b: b.name })
        : t('typing.many', { a: a.name, count: users.length - 1 });
  return (
    <div className={styles.line} title={text || undefined} role="status" aria-live="off" data-testid="typing">
      {text && (
        <>
          <span className={styles.dots} aria-hidden>
            <i />
            <i />
            <i />
          </span>
          {text}
        </>
      )}
    </div>
  );
}
