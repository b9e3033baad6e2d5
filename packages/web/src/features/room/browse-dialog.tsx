import type { Room } from '@madang/protocol';
import { Plus, SearchX } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities, useClient, useRooms } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { openDialog } from '../../state/page-dialog.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { ListEntry } from '../../ui/list.js';
import { PartFailure } from '../../ui/part.js';
import { SearchField } from '../../ui/search-field.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { showToast } from '../../ui/toast.js';
import styles from './browse-dialog.module.css';
import { RoomIcon } from './room-icon.js';
import { useRoomSearch } from './use-room-search.js';

/** Finds and joins public rooms. */
export function BrowseDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const { createRooms } = useAbilities();
  const [search, setSearch] = useState('');
  const { rooms: found, hasMore, error, loadMore, retry } = useRoomSearch(search);
  // The results of an earlier search are not shown for one that failed.
  const rooms = error === undefined ? found : undefined;
  return (
    <Dialog title={t('room.browseTitle')} onClose={onClose}>
      <SearchField label={t('room.browseSearch')} value={search} onValueChange={setSearch} data-autofocus />
      <div className={styles.results} aria-busy={rooms === undefined && error === undefined}>
        {error !== undefined && <PartFailure text={errorText(t, error)} onRetry={retry} />}
        {rooms === undefined && error === undefined && <SkeletonRows count={4} hasAvatar />}
        {rooms?.length === 0 && (
          <Empty
            icon={<SearchX size={28} aria-hidden />}
            title={t(search.trim() === '' ? 'room.browseNone' : 'room.browseEmpty')}
          >
            {createRooms && t(search.trim() === '' ? 'room.browseNoneText' : 'room.browseEmptyText')}
          </Empty>
        )}
        <ul>
          {rooms?.map((room) => (
            <RoomEntry key={room.id} room={room} onClose={onClose} />
          ))}
        </ul>
        {rooms && hasMore && (
          <Button className={styles.more} onClick={loadMore}>
            {t('room.more')}
          </Button>
        )}
      </div>
      {createRooms && (
        <Button onClick={() => openDialog('create')}>
          <Plus size={17} aria-hidden />
          {t('room.create')}
        </Button>
      )}
    </Dialog>
  );
}

function RoomEntry({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const [, go] = useLocation();
  const isMine = useRooms().some((each) => each.id === room.id);
  const [isBusy, setIsBusy] = useState(false);

  const open = async () => {
    if (!isMine) {
      setIsBusy(true);
      try {
        await client.call('room.join', { room: room.id });
      } catch (error) {
        setIsBusy(false);
        showToast(errorText(t, error));
        return;
      }
    }
    onClose();
    go(`/r/${room.id}`);
  };

  return (
    <ListEntry
      icon={<RoomIcon room={room} title={room.name} />}
      title={room.name}
      about={`${t('room.members', { count: room.members })}${room.topic && ` · ${room.topic}`}`}
    >
      {(isMine || room.can.join) && (
        <Button
          size="small"
          tone={isMine ? 'quiet' : 'primary'}
          isBusy={isBusy}
          aria-label={`${t(isMine ? 'room.open' : 'room.join')}: ${room.name}`}
          onClick={() => void open()}
        >
          {t(isMine ? 'room.open' : 'room.join')}
        </Button>
      )}
    </ListEntry>
  );
}
