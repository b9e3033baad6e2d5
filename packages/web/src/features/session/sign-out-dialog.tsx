import { useTranslation } from 'react-i18next';
import { useClient } from '../../state/client-provider.js';
import { forgetDrafts } from '../../state/draft.js';
import { errorText } from '../../state/error-text.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Asks before the session ends: a guest can't come back as the same person. */
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
