import { useTranslation } from 'react-i18next';
import { usePage } from '../../state/page.js';
import { useUnsent } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import styles from './unsent-here.module.css';
import { UnsentList } from './unsent-list.js';

/** What the user has written in a room where they can't write any more: to be copied or discarded. */
export function UnsentHere({ room }: { room: string }) {
  const { t } = useTranslation();
  const { unsent } = usePage();
  const texts = useUnsent().filter((text) => text.room === room && text.kind !== 'message');
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
