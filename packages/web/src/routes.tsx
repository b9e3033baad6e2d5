import { Redirect, Route, Switch } from 'wouter';
import { NoRooms } from './features/room/no-rooms.js';
import { RoomScreen } from './features/room/room-screen.js';
import { useRooms } from './state/client-provider.js';
import { lastRoom } from './state/last-room.js';
import { PHONE, useMedia } from './state/media.js';

export interface RoutesProps {
  onBrowse: () => void;
  onCreate: () => void;
}

/** The main pane, by the part of the address after `#`: so the page works under any path of any server. */
export function Routes({ onBrowse, onCreate }: RoutesProps) {
  return (
    <Switch>
      <Route path="/r/:id">{({ id }) => <RoomScreen key={id} id={id} />}</Route>
      <Route path="/">
        <Home onBrowse={onBrowse} onCreate={onCreate} />
      </Route>
      <Route>
        <Redirect to="/" replace />
      </Route>
    </Switch>
  );
}

/** No room is chosen: on a wide screen shows the last one, or the first. */
function Home({ onBrowse, onCreate }: RoutesProps) {
  const rooms = useRooms();
  const isPhone = useMedia(PHONE);
  const last = lastRoom();
  const room = rooms.find((each) => each.id === last) ?? rooms[0];
  if (isPhone) return null;
  if (room) return <Redirect to={`/r/${room.id}`} replace />;
  return <NoRooms isPage onBrowse={onBrowse} onCreate={onCreate} />;
}
