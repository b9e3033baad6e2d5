import { ChevronLeft, SearchX, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useOtherWords } from '../../i18n/use-other-words.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities } from '../../state/client-provider.js';
import { finder } from '../../state/find.js';
import { goBack } from '../../state/history.js';
import { PHONE, TOUCH, useMedia } from '../../state/media.js';
import { classNames } from '../../ui/class-names.js';
import { endsComposition } from '../../ui/composition.js';
import { Empty } from '../../ui/empty.js';
import { IconButton } from '../../ui/icon-button.js';
import { Part } from '../../ui/part.js';
import { SearchField } from '../../ui/search-field.js';
import { settingViews } from './setting-views.js';
import styles from './settings-page.module.css';
import { type Setting, settings } from './settings.js';

/** All settings, searchable. `setting` is the one that the address leads to. */
export function SettingsPage({ setting }: { setting: string | undefined }) {
  const { t } = useTexts();
  const isPhone = useMedia(PHONE);
  const [search, setSearch] = useState('');
  const page = useRef<HTMLDivElement>(null);
  const found = useFound(search);
  const sections = [...new Set(found.map(({ section }) => section))];

  useEffect(() => {
    const row = setting === undefined ? null : document.getElementById(`setting-${setting}`);
    row?.scrollIntoView({ block: 'center' });
    const target =
      row?.querySelector<HTMLElement>('input:checked, button') ??
      (matchMedia(TOUCH).matches ? page.current : page.current?.querySelector<HTMLElement>('input[type=search]'));
    target?.focus({ preventScroll: row !== null });
  }, [setting]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented || endsComposition(event.nativeEvent)) return;
    // A dialog that is open is inside the page for React.
    if ((event.target as HTMLElement).closest('dialog')) return;
    event.preventDefault();
    if (search === '') goBack();
    else setSearch('');
  };

  return (
    <div ref={page} className={styles.page} tabIndex={-1} onKeyDown={onKeyDown}>
      <header className={styles.header}>
        {isPhone && (
          <IconButton label={t('action.back')} onClick={goBack}>
            <ChevronLeft size={22} aria-hidden />
          </IconButton>
        )}
        <h1>{t('settings.title')}</h1>
        {!isPhone && (
          <IconButton label={t('settings.close')} keys="Esc" onClick={goBack}>
            <X size={19} aria-hidden />
          </IconButton>
        )}
      </header>
      <div className={styles.scroller}>
        <div className={styles.content}>
          <SearchField label={t('settings.search')} value={search} onValueChange={setSearch} />
          <div className="visually-hidden" role="status">
            {search.trim() !== '' && found.length > 0 && t('settings.count', { count: found.length })}
          </div>
          {sections.map((section) => (
            <section key={section} className={styles.section} aria-labelledby={`section-${section}`}>
              <h2 id={`section-${section}`}>{t(section)}</h2>
              <ul className={styles.rows}>
                {found
                  .filter((each) => each.section === section)
                  .map((each) => (
                    <SettingRow key={each.id} setting={each} isTarget={each.id === setting} />
                  ))}
              </ul>
            </section>
          ))}
          {found.length === 0 && (
            <div role="status">
              <Empty icon={<SearchX size={28} aria-hidden />} title={t('settings.empty')}>
                {t('settings.emptyText')}
              </Empty>
            </div>
          )}
        </div>
      </div>
    </div>
  );
}

function SettingRow({ setting: { id, title, icon: Icon }, isTarget }: { setting: Setting; isTarget: boolean }) {
  const { t } = useTexts();
  const View = settingViews[id];
  return (
    <li id={`setting-${id}`} className={classNames(styles.row, isTarget && styles.target)}>
      <Icon className={styles.icon} size={18} aria-hidden />
      <div className={styles.words}>
        <h3>{t(title)}</h3>
        <div className={styles.control}>
          <Part>
            <View />
          </Part>
        </div>
      </div>
    </li>
  );
}

/** The settings that are searched for, in their order. */
function useFound(search: string): readonly Setting[] {
  const { t } = useTexts();
  const can = useAbilities();
  const otherWords = useOtherWords();
  const find = finder(search);
  return settings.filter(({ isOffered, title, words }) => {
    const others = otherWords((each) => each(title), words);
    return (isOffered?.(can) ?? true) && find(t(title), others) > 0;
  });
}
