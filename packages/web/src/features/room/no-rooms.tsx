import { MessagesSquare } from 'lucide-react';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities } from '../../state/client-provider.js';
import { openDialog } from '../../state/page-dialog.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';

export interface NoRoomsProps {
  /** Whether it fills the main pane. */
  isPage: boolean;
}

/** Shown to a user who is in no room: says what they can do. */
export function NoRooms({ isPage }: NoRoomsProps) {
  const { t } = useTexts();
  const { createRooms } = useAbilities();
  return (
    <Empty
      isPage={isPage}
      icon={<MessagesSquare size={28} aria-hidden />}
      title={t('room.noRooms')}
      actions={
        <>
          {createRooms && <Button onClick={() => openDialog('create')}>{t('room.create')}</Button>}
          <Button tone="primary" onClick={() => openDialog('browse')}>
            {t('room.browse')}
          </Button>
        </>
      }
    >
      {t(createRooms ? 'room.noRoomsText' : 'room.noRoomsTextInvited')}
    </Empty>
  );
}
