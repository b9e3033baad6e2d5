import type { UserRef } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Asks before blocking somebody. */
export function BlockDialog({ user, onClose }: { user: UserRef; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('block.title', { name: user.name })}
      text={t('block.text')}
      confirm={t('block.block')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={async () => {
        await client.call('user.block', { user: user.id });
      }}
    />
  );
}
