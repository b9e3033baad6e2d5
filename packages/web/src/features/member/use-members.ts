import type { RoomView } from '@madang/client';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useObservable } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { showToast } from '../../ui/toast.js';

/** Loads a room's members while they are shown, and again after each reconnection. */
export function useMembers(view: RoomView, areShown: boolean): void {
  const { t } = useTranslation();
  const { status } = useObservable(useClient().state);
  useEffect(() => {
    if (!areShown || status !== 'online') return;
    view.loadMembers().catch((error: unknown) => showToast(errorText(t, error)));
  }, [view, areShown, status, t]);
}
