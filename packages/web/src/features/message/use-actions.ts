import type { ViewMessage } from '@madang/client';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorCode, errorText } from '../../state/error-text.js';
import { copyToClipboard } from '../../ui/clipboard.js';
import { showToast } from '../../ui/toast.js';

/** The actions on a message; each reports its own refusal. */
export function useMessageActions() {
  const client = useClient();
  const { t } = useTexts();

  const react = async (message: ViewMessage, emoji: string) => {
    const mine = message.reactions?.find((each) => each.emoji === emoji)?.reacted ?? false;
    try {
      await client.room(message.room).react(message.id, emoji, !mine);
    } catch (error) {
      showToast(errorCode(error) === 'conflict' ? t('error.reactionLimit') : errorText(t, error));
    }
  };

  const copyText = async (text: string) => {
    showToast(t((await copyToClipboard(text)) ? 'message.copied' : 'message.copyFailed'));
  };

  return { react, copyText };
}
