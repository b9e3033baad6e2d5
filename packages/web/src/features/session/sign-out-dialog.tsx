import { useTexts } from '../../i18n/use-texts.js';
import { errorText } from '../../state/error-text.js';
import { usePage } from '../../state/page.js';
import { useUnsent } from '../../state/use-unsent.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { UnsentList } from '../unsent/unsent-list.js';
import styles from './form.module.css';

/** Asks before ending the session: a guest can't return as the same user, and what was not sent is lost. */
export function SignOutDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const { owner } = usePage();
  const texts = useUnsent();
  return (
    <ConfirmDialog
      title={t('session.signOutTitle')}
      text={t('session.signOutText')}
      confirm={t('session.signOut')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={() => owner.signOut()}
    >
      {texts.length > 0 && (
        <div className={styles.unsent}>
          <p>{t('unsent.signOut', { count: texts.length })}</p>
          <UnsentList texts={texts} />
        </div>
      )}
    </ConfirmDialog>
  );
}
