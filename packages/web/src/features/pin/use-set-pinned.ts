import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorCode, errorText } from '../../state/error-text.js';
import { showToast } from '../../ui/toast.js';

/** Pins or unpins a message, by its id; says so if that is refused. */
export function useSetPinned(): (message: string, isPinned: boolean) => Promise<void> {
  const client = useClient();
  const { t } = useTexts();
  return async (message, isPinned) => {
    try {
      await client.call(isPinned ? 'message.pin' : 'message.unpin', { message });
    } catch (error) {
      showToast(errorCode(error) === 'conflict' ? t('pin.limit') : errorText(t, error));
    }
  };
}
