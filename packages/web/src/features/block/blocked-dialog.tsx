import type { UserRef } from '@madang/protocol';
import { Ban } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { Avatar } from '../../ui/avatar.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { ListEntry } from '../../ui/list.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { showToast } from '../../ui/toast.js';
import { useUnblock } from './use-unblock.js';

/** The users whom the caller has blocked, to be unblocked. */
export function BlockedDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const unblock = useUnblock();
  const [users, setUsers] = useState<readonly UserRef[]>();

  useEffect(() => {
    client.call('block.list', {}).then(
      (answer) => setUsers(answer.users),
      (error: unknown) => {
        showToast(errorText(t, error));
        setUsers([]);
      },
    );
  }, [client, t]);

  const unblockUser = async (user: UserRef) => {
    if (await unblock(user.id)) setUsers((all) => all?.filter(({ id }) => id !== user.id));
  };

  return (
    <Dialog title={t('block.list')} onClose={onClose}>
      {users === undefined && <SkeletonRows count={3} hasAvatar />}
      {users?.length === 0 && <Empty icon={<Ban size={28} aria-hidden />} title={t('block.none')} />}
      <ul>
        {users?.map((user) => (
          <ListEntry key={user.id} icon={<Avatar id={user.id} name={user.name} size="small" />} title={user.name}>
            <Button aria-label={t('block.unblockName', { name: user.name })} onClick={() => void unblockUser(user)}>
              {t('block.unblock')}
            </Button>
          </ListEntry>
        ))}
      </ul>
    </Dialog>
  );
}
