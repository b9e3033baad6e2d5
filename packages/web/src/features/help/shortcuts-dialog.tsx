import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.js';
import { useShortcutKeys } from '../../ui/shortcuts.js';
import styles from './shortcuts-dialog.module.css';

/** Every shortcut of the page, with its keys as this keyboard has them. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const keysOf = useShortcutKeys();
  const groups = [
    {
      title: t('shortcuts.everywhere'),
      rows: [
        { does: t('shortcuts.switcher'), keys: [keysOf('switcher')] },
        { does: t('shortcuts.help'), keys: [['?'], keysOf('help')] },
        { does: t('shortcuts.close'), keys: [['Esc']] },
      ],
    },
    {
      title: t('shortcuts.writing'),
      rows: [
        { does: t('shortcuts.send'), keys: [['Enter']] },
        { does: t('shortcuts.newLine'), keys: [['Shift', 'Enter']] },
        { does: t('shortcuts.editLast'), keys: [['↑']] },
        { does: t('shortcuts.toMessages'), keys: [['Shift', 'Tab']] },
      ],
    },
    {
      title: t('shortcuts.messages'),
      rows: [
        { does: t('shortcuts.move'), keys: [['↑'], ['↓']] },
        { does: t('shortcuts.ends'), keys: [['Home'], ['End']] },
        {
          does: t('shortcuts.select'),
          keys: [
            ['Shift', '↑'],
            ['Shift', 'Page Up'],
          ],
        },
        { does: t('shortcuts.selectAll'), keys: [keysOf('selectAll')] },
        { does: t('shortcuts.edit'), keys: [keysOf('edit')] },
        { does: t('shortcuts.actions'), keys: [['Tab']] },
        { does: t('shortcuts.menu'), keys: [[t('shortcuts.menuKey')], ['Shift', 'F10']] },
        { does: t('shortcuts.toComposer'), keys: [['Esc']] },
      ],
    },
    {
      title: t('shortcuts.editing'),
      rows: [
        { does: t('shortcuts.save'), keys: [['Enter']] },
        { does: t('shortcuts.cancel'), keys: [['Esc']] },
      ],
    },
    {
      title: t('shortcuts.lists'),
      rows: [
        { does: t('shortcuts.choose'), keys: [['↑'], ['↓']] },
        { does: t('shortcuts.open'), keys: [['Enter']] },
      ],
    },
  ];
  return (
    <Dialog title={t('shortcuts.title')} onClose={onClose}>
      {groups.map(({ title, rows }) => (
        <section key={title}>
          <h3 className={styles.title}>{title}</h3>
          <dl>
            {rows.map(({ does, keys }) => (
              <div key={does} className={styles.row}>
                <dt>{does}</dt>
                <dd>
                  <Keys choices={keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}

/** Keys pressed together, and others that do the same. */
function Keys({ choices }: { choices: readonly (readonly string[])[] }) {
  const { t } = useTranslation();
  return choices.map((keys, at) => (
    <Fragment key={keys.join(' ')}>
      {at > 0 && <span className={styles.or}> {t('shortcuts.or')} </span>}
      <kbd className={styles.keys}>
        {keys.map((key, index) => (
          <Fragment key={key}>
            {index > 0 && ' '}
            <kbd>{key}</kbd>
          </Fragment>
        ))}
      </kbd>
    </Fragment>
  ));
}
