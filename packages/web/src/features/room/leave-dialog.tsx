import type { Room } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { goToRooms } from '../../state/history.js';
import { errorText } from '../../state/error-text.js';
import { roomTitle } from './room-title.js';

/** Asks before leaving a room. */
export function LeaveDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('room.leaveTitle', { name: roomTitle(t, room) })}
      text={t(room.kind === 'private' ? 'room.leavePrivate' : 'room.leavePublic')}
      confirm={t('room.leaveConfirm')}
      onClose={onClose}
      explain={(error) => errorText(t, error)}
      onConfirm={async () => {
        await client.call('room.leave', { room: room.id });
        goToRooms();
      }}
    />
  );
}
