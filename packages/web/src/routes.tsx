import { MessagesSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Redirect, Route, Switch } from 'wouter';
import { RoomScreen } from './features/room/room-screen.js';
import { useRooms } from './state/client-provider.js';
import { lastRoom } from './state/last-room.js';
import { PHONE, useMedia } from './state/media.js';
import { Button } from './ui/button.js';
import { Empty } from './ui/empty.js';

/** What the main pane shows, by the address behind `#`: the page then works under any path of any server. */
export function Routes({ onBrowse }: { onBrowse: () => void }) {
  return (
    <Switch>
      <Route path="/r/:id">{({ id }) => <RoomScreen key={id} id={id} />}</Route>
      <Route path="/">
        <Home onBrowse={onBrowse} />
      </Route>
      <Route>
        <Redirect to="/" replace />
      </Route>
    </Switch>
  );
}

/** No room is chosen: on a wide screen the last one is shown, or the first. */
function Home({ onBrowse }: { onBrowse: () => void }) {
  const { t } = useTranslation();
  const rooms = useRooms();
  const isPhone = useMedia(PHONE);
  const last = lastRoom();
  const room = rooms.find((each) => each.id === last) ?? rooms[0];
  if (isPhone) return null;
  if (room) return <Redirect to={`/r/${room.id}`} replace />;
  return (
    <Empty
      isPage
      icon={<MessagesSquare size={28} aria-hidden />}
      title={t('room.emptyTitle')}
      actions={
        <Button tone="primary" onClick={onBrowse}>
          {t('room.browse')}
        </Button>
      }
    >
      {t('room.emptyText')}
    </Empty>
  );
}
