import type { ViewMessage } from '@madang/client';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import styles from './delete-dialog.module.css';
import { MessageText } from './message-text.js';

/** Asks before deleting a message. */
export function DeleteDialog({ message, onClose }: { message: ViewMessage; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('message.deleteTitle')}
      text={t('message.deleteText')}
      confirm={t('message.delete')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={async () => {
        await client.call('message.delete', { message: message.id });
      }}
    >
      <div className={styles.quote}>
        <MessageText text={message.text} />
      </div>
    </ConfirmDialog>
  );
}
