import { PencilLine } from 'lucide-react';
import { useLocation } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useRooms } from '../../state/client-provider.js';
import { usePage } from '../../state/page.js';
import type { Unsent } from '../../state/page-owner.js';
import { useUnsent } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { UnsentList } from './unsent-list.js';

/** Everything that the user has written and not sent, also in rooms that they are no longer in. */
export function UnsentDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const { unsent } = usePage();
  const rooms = useRooms();
  const texts = useUnsent();
  const [, go] = useLocation();

  const discard = ({ kind, key }: Unsent) => {
    const written = unsent.all().find(({ id }) => id === key);
    if (kind === 'message') client.discard(key);
    else if (written) unsent.remove(written);
  };

  return (
    <Dialog title={t('unsent.title')} onClose={onClose}>
      {texts.length === 0 ? (
        <Empty icon={<PencilLine size={24} aria-hidden />} title={t('unsent.none')} />
      ) : (
        <UnsentList
          texts={texts}
          renderActions={(text) => (
            <>
              {rooms.some(({ id }) => id === text.room) && (
                <Button
                  size="small"
                  onClick={() => {
                    go(`/r/${text.room}`);
                    onClose();
                  }}
                >
                  {t('unsent.open')}
                </Button>
              )}
              <Button size="small" onClick={() => discard(text)}>
                {t('unsent.discard')}
              </Button>
            </>
          )}
        />
      )}
    </Dialog>
  );
}
