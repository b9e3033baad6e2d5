import type { UserRef } from '@madang/protocol';
import { Ban } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { errorText } from '../../state/error-text.js';
import { useAnswer } from '../../state/use-answer.js';
import { Avatar } from '../../ui/avatar.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { ListEntry } from '../../ui/list.js';
import { PartFailure } from '../../ui/part.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { useUnblock } from './use-unblock.js';

/** The users whom the caller has blocked, to be unblocked. */
export function BlockedDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const unblock = useUnblock();
  const blocked = useAnswer((client) => client.call('block.list', {}));
  const [unblocked, setUnblocked] = useState<readonly string[]>([]);
  const users = blocked.answer?.users.filter(({ id }) => !unblocked.includes(id));

  const unblockUser = async (user: UserRef) => {
    if (await unblock(user.id)) setUnblocked((all) => [...all, user.id]);
  };

  return (
    <Dialog title={t('block.list')} onClose={onClose}>
      {blocked.error !== undefined && <PartFailure text={errorText(t, blocked.error)} onRetry={blocked.retry} />}
      {users === undefined && blocked.error === undefined && <SkeletonRows count={3} hasAvatar />}
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
