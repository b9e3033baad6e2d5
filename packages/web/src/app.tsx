import { Tooltip } from 'radix-ui';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Router } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { NicknameForm } from './features/session/nickname-form.js';
import { Splash } from './features/session/splash.js';
import { preloadConversation } from './features/room/room-screen.js';
import { Workspace } from './features/room/workspace.js';
import { useClient, useObservable } from './state/client-provider.js';
import { showToast, Toasts } from './ui/toast.js';

/** The whole page: the gate, or the workspace. */
export function App() {
  return (
    <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
      {/* oxlint-disable-next-line react/hooks -- the router calls it */}
      <Router hook={useHashLocation}>
        <Screen />
        <Toasts />
      </Router>
    </Tooltip.Provider>
  );
}

function Screen() {
  useEffect(preloadConversation, []);
  useRevokedNotice();
  const client = useClient();
  const { status } = useObservable(client.state);
  const user = useObservable(client.user);
  const [wasIn, setWasIn] = useState(false);

  // While disconnected the workspace stays, even if the client does not know the user for a moment.
  const isIn = status !== 'signed-out' && (user !== undefined || wasIn);
  if (isIn !== wasIn) setWasIn(isIn);

  if (status === 'signed-out') return <NicknameForm />;
  return isIn ? <Workspace /> : <Splash />;
}

/** Announces that the session was ended elsewhere; signing out here needs no words. */
function useRevokedNotice(): void {
  const client = useClient();
  const { t } = useTranslation();
  useEffect(
    () => client.on('session.ended', ({ reason }) => reason === 'revoked' && showToast(t('session.ended'))),
    [client, t],
  );
}
