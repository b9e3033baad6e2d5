import { MessagesSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAbilities } from '../../state/client-provider.js';
import { Button } from '../../ui/button.js';
import { Empty } from '../../ui/empty.js';

export interface NoRoomsProps {
  /** It is all that the main pane shows. */
  isPage: boolean;
  onBrowse: () => void;
  onCreate: () => void;
}

/** What is shown to somebody who is in no room: what can be done about it. */
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
