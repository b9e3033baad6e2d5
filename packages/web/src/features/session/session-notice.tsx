import { useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import type { LeftBehind, Ownership } from '../../state/page-owner.js';
import { reloadPage } from '../../state/version.js';
import { Button } from '../../ui/button.js';
import { UnsentList } from '../unsent/unsent-list.js';
import styles from './nickname-form.module.css';

/** On the sign-in page: whose session has ended here, what they had not sent, and who is signed in in another tab. */
export function SessionNotice({ left, elsewhere }: Extract<Ownership, { kind: 'nobody' }>) {
  const { t } = useTexts();
  return (
    <>
      {left && (
        <div className={styles.left}>
          <p role="alert">{t('session.endedFor', { name: left.user.name })}</p>
          {left.texts.length > 0 && (left.wasClosed ? <FoundTexts left={left} /> : <LeftTexts left={left} />)}
        </div>
      )}
      {elsewhere && (
        <div className={styles.left}>
          <p role="alert">{t('session.elsewhere', { name: elsewhere.name })}</p>
          <Button onClick={reloadPage}>{t('session.continueAs', { name: elsewhere.name })}</Button>
        </div>
      )}
    </>
  );
}

/** Says that there are texts, and shows them on request: the browser may be used by more than one person. */
function FoundTexts({ left }: { left: LeftBehind }) {
  const { t } = useTexts();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <p>{t('session.leftFound', { count: left.texts.length })}</p>
      {isOpen ? <LeftTexts left={left} /> : <Button onClick={() => setIsOpen(true)}>{t('session.leftShow')}</Button>}
    </>
  );
}

function LeftTexts({ left }: { left: LeftBehind }) {
  const { t } = useTexts();
  return (
    <>
      <p>{t('session.leftText', { name: left.user.name })}</p>
      <UnsentList texts={left.texts} />
    </>
  );
}
