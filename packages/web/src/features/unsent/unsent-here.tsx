import { useTexts } from '../../i18n/use-texts.js';
import { usePage } from '../../state/page.js';
import type { Unsent } from '../../state/page-owner.js';
import { useUnsent } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import styles from './unsent-here.module.css';
import { UnsentList } from './unsent-list.js';

/** What the user has written in a room where they can't send it any more: to be copied or discarded. */
export function UnsentHere({ room, kinds }: { room: string; kinds: readonly Unsent['kind'][] }) {
  const { t } = useTexts();
  const { unsent } = usePage();
  const texts = useUnsent().filter((text) => text.room === room && kinds.includes(text.kind));
  if (texts.length === 0) return null;
  return (
    <section className={styles.here} aria-label={t('unsent.title')}>
      <p>{t('unsent.here')}</p>
      <UnsentList
        texts={texts}
        renderActions={({ key }) => (
          <Button
            size="small"
            onClick={() => {
              const written = unsent.all().find(({ id }) => id === key);
              if (written) unsent.remove(written);
            }}
          >
            {t('unsent.discard')}
          </Button>
        )}
      />
    </section>
  );
}
