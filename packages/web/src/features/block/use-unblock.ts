import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { showToast } from '../../ui/toast.js';

/** Unblocks a user. Resolves to whether that worked. */
export function useUnblock() {
  const client = useClient();
  const { t } = useTexts();
  return async (user: string): Promise<boolean> => {
    try {
      await client.call('user.unblock', { user });
      return true;
    } catch (error) {
      showToast(errorText(t, error));
      return false;
    }
  };
}
