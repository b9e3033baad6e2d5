import { useLocation } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { showToast } from '../../ui/toast.js';

/** Opens the direct room with a user and goes there. */
export function useOpenDirect() {
  const client = useClient();
  const { t } = useTexts();
  const [, go] = useLocation();
  return async (user: string) => {
    try {
      const { room } = await client.call('direct.open', { user });
      go(`/r/${room.id}`);
    } catch (error) {
      showToast(errorText(t, error));
    }
  };
}
