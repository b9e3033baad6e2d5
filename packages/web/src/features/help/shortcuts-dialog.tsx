import { useTexts } from '../../i18n/use-texts.js';
import { Dialog } from '../../ui/dialog.js';
import { actions, type KeyPlace } from '../action/actions.js';
import { ActionKeys } from '../action/keys.js';
import styles from './shortcuts-dialog.module.css';

const places = ['everywhere', 'writing', 'messages', 'editing', 'lists'] as const satisfies KeyPlace[];

/** Every action that has keys, with them as this keyboard has them. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const titles: Record<KeyPlace, string> = {
    everywhere: t('shortcuts.everywhere'),
    writing: t('shortcuts.writing'),
    messages: t('shortcuts.messages'),
    editing: t('shortcuts.editing'),
    lists: t('shortcuts.lists'),
  };
  return (
    <Dialog title={t('shortcuts.title')} onClose={onClose}>
      {places.map((place) => (
        <section key={place}>
          <h3 className={styles.title}>{titles[place]}</h3>
          <dl>
            {actions
              .filter(({ keys }) => keys?.place === place)
              .map(({ id, label, keys }) => (
                <div key={id} className={styles.row}>
                  <dt>{label(t)}</dt>
                  <dd>
                    <ActionKeys choices={keys?.choices ?? []} />
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
