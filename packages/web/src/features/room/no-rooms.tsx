import { MessagesSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAbilities } from '../../state/client-provider.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';

export interface NoRoomsProps {
  /** Whether it fills the main pane. */
  isPage: boolean;
  onBrowse: () => void;
  onCreate: () => void;
}

/** Shown to a user who is in no room: says what they can do. */
export function NoRooms({ isPage, onBrowse, onCreate }: NoRoomsProps) {
  const { t } = useTranslation();
  const { createRooms } = useAbilities();
  return (
    <Empty
      isPage={isPage}
      icon={<MessagesSquare size={28} aria-hidden />}
      title={t('room.noRooms')}
      actions={
        <>
          {createRooms && <Button onClick={onCreate}>{t('room.create')}</Button>}
          <Button tone="primary" onClick={onBrowse}>
            {t('room.browse')}
          </Button>
        </>
      }
    >
      {t(createRooms ? 'room.noRoomsText' : 'room.noRoomsTextInvited')}
    </Empty>
  );
}
