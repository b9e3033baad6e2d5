import type { Member } from '@madang/client';
import type { Room } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Asks before removing somebody from a room. */
export function RemoveDialog({ room, member, onClose }: { room: Room; member: Member; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('member.removeTitle', { name: member.user.name })}
      text={t('member.removeText')}
      confirm={t('member.removeConfirm')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={async () => {
        await client.call('room.remove', { room: room.id, user: member.user.id });
      }}
    />
  );
}
