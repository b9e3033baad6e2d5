import { Redirect, Route, Switch } from 'wouter';
import { NoRooms } from './features/room/no-rooms.js';
import { RoomScreen } from './features/room/room-screen.js';
import { useRooms } from './state/client-provider.js';
import { lastRoom } from './state/last-room.js';
import { PHONE, useMedia } from './state/media.js';
import { lazyPart } from './ui/lazy-part.js';
import { SkeletonRows } from './ui/skeleton.js';

const settingsPage = lazyPart(() => import('./features/settings/settings-page.js'), 'SettingsPage');

/** The main pane, by the part of the address after `#`: so the page works under any path of any server. */
export function Routes() {
  return (
    <Switch>
      <Route path="/r/:id">{({ id }) => <RoomScreen key={id} id={id} />}</Route>
      <Route path="/settings/:setting?">
        {({ setting }) => <settingsPage.View setting={setting} fallback={<SkeletonRows count={7} />} />}
      </Route>
      <Route path="/">
        <Home />
      </Route>
      <Route>
        <Redirect to="/" replace />
      </Route>
    </Switch>
  );
}

/** No room is chosen: on a wide screen shows the last one, or the first. */
function Home() {
  const rooms = useRooms();
  const isPhone = useMedia(PHONE);
  const last = lastRoom();
  const room = rooms.find((each) => each.id === last) ?? rooms[0];
  if (isPhone) return null;
  if (room) return <Redirect to={`/r/${room.id}`} replace />;
  return <NoRooms isPage />;
}
