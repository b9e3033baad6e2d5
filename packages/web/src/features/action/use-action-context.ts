import { useLocation, useRoute } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities, useClient, useRooms } from '../../state/client-provider.js';
import type { ActionContext } from './actions.js';

/** What the page's actions happen to: the room that is open. */
export function useActionContext(): ActionContext {
  const { t } = useTexts();
  const client = useClient();
  const can = useAbilities();
  const rooms = useRooms();
  const [, params] = useRoute('/r/:id');
  const [place, navigate] = useLocation();
  // One step back leads out of the settings, however many of them were looked at.
  const isWithin = (path: string) => path.startsWith('/settings') && place.startsWith('/settings');
  const go = (path: string) => navigate(path, { replace: isWithin(path) });
  return { t, client, can, go, room: rooms.find(({ id }) => id === params?.id) };
}
