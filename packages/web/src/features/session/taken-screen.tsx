import { useTexts } from '../../i18n/use-texts.js';
import type { Ownership } from '../../state/page-owner.js';
import { reloadPage } from '../../state/version.js';
import { Button } from '../../ui/button.js';
import { Logo } from '../../ui/logo.js';
import { UnsentList } from '../unsent/unsent-list.js';
import styles from './nickname-form.module.css';

/** Shown in place of the workspace after somebody else has signed in in this browser. */
export function TakenScreen({ by, left }: Extract<Ownership, { kind: 'taken' }>) {
  const { t } = useTexts();
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Logo size={64} />
        <h1>{t('session.takenTitle', { name: by.name })}</h1>
        <p className={styles.lead} role="alert">
          {t('session.takenText', { name: left.user.name })}
        </p>
        {left.texts.length > 0 && (
          <section className={styles.left} aria-label={t('unsent.title')}>
            <p>{t('session.leftText', { name: left.user.name })}</p>
            <UnsentList texts={left.texts} />
          </section>
        )}
        <Button tone="primary" className={styles.start} onClick={reloadPage}>
          {t('session.continueAs', { name: by.name })}
        </Button>
      </div>
    </main>
  );
}
