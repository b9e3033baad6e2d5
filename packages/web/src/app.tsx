import { useEffect, useState } from 'react';
import { Router } from 'wouter';
import { NicknameForm } from './features/session/nickname-form.js';
import { Splash } from './features/session/splash.js';
import { preloadConversation } from './features/room/room-screen.js';
import { Workspace } from './features/room/workspace.js';
import { useClient, useObservable } from './state/client-provider.js';
import { useOwnership } from './state/page.js';
import { useHistoryLocation } from './state/history.js';
import { tellVersion } from './state/service-worker.js';
import { lazyPart, preloadDialogs } from './ui/lazy-part.js';
import { Part } from './ui/part.js';
import { Toasts } from './ui/toast.js';

/** Time for the first screen, in ms, before what may be opened on it is loaded. */
const DIALOGS_MS = 4000;

const takenScreen = lazyPart(() => import('./features/session/taken-screen.js'), 'TakenScreen');

/** The whole page: the gate, or the workspace. */
export function App() {
  return (
    // oxlint-disable-next-line react/hooks -- the router calls it
    <Router hook={useHistoryLocation}>
      <Screen />
      <Part renderFailure={() => null}>
        <Toasts />
      </Part>
    </Router>
  );
}

function Screen() {
  useEffect(() => void preloadConversation(), []);
  useEffect(() => {
    const timer = setTimeout(() => {
      void Promise.all([preloadDialogs(), takenScreen.preload()]).then(tellVersion);
    }, DIALOGS_MS);
    return () => clearTimeout(timer);
  }, []);
  const client = useClient();
  const { status } = useObservable(client.state);
  const user = useObservable(client.user);
  const ownership = useOwnership();
  const [wasIn, setWasIn] = useState(false);

  // While disconnected the workspace stays, even if the client does not know the user for a moment.
  const isIn = status !== 'signed-out' && (user !== undefined || wasIn);
  if (isIn !== wasIn) setWasIn(isIn);
  // While signing in the form stays, with what was typed and what went wrong: the client connects again meanwhile.
  const [wasOut, setWasOut] = useState(false);
  const isOut = status === 'signed-out' || (wasOut && !isIn);
  if (isOut !== wasOut) setWasOut(isOut);

  if (ownership.kind === 'taken') return <takenScreen.View {...ownership} fallback={<Splash />} />;
  if (isOut) return <NicknameForm />;
  return isIn ? <Workspace /> : <Splash />;
}
