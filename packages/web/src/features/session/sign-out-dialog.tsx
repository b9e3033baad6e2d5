import { useTranslation } from 'react-i18next';
import { useClient } from '../../state/client-provider.js';
import { forgetDrafts } from '../../state/draft.js';
import { errorText } from '../../state/error-text.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Asks before ending the session: a guest can't return as the same user. */
export function SignOutDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('session.signOutTitle')}
      text={t('session.signOutText')}
      confirm={t('session.signOut')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={async () => {
        await client.signOut();
        forgetDrafts();
      }}
    />
  );
}
