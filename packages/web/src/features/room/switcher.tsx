import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { endsComposition } from '../../ui/composition.js';
import { Dialog } from '../../ui/dialog.js';
import { classNames } from '../../ui/class-names.js';
import styles from './switcher.module.css';
import { type Place, useSwitcher } from './use-switcher.js';

/** Goes to any room or user by a few letters of the name. */
export function Switcher({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [search, setSearch] = useState('');
  const { groups, open } = useSwitcher(search);
  const places = groups.flatMap((group) => group.places);
  const [chosen, setChosen] = useState(0);
  const current = places[Math.min(chosen, places.length - 1)];

  const go = (place: Place) => {
    onClose();
    void open(place);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (endsComposition(event.nativeEvent)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && places.length > 0) {
      event.preventDefault();
      const next = (Math.min(chosen, places.length - 1) + step + places.length) % places.length;
      setChosen(next);
      document
        .querySelector(`[data-place="${CSS.escape(places[next]?.key ?? '')}"]`)
        ?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && current) {
      event.preventDefault();
      go(current);
    }
  };

  return (
    <Dialog kind="search" title={t('switcher.title')} onClose={onClose}>
      <div className={styles.search}>
        <Search size={18} aria-hidden />
        <input
          className={styles.input}
          role="combobox"
          aria-expanded={places.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={current && `${id}-${current.key}`}
          aria-autocomplete="list"
          aria-label={t('switcher.placeholder')}
          placeholder={t('switcher.placeholder')}
          autoComplete="off"
          spellCheck={false}
          value={search}
          data-autofocus
          onChange={(event) => {
            setSearch(event.target.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className={styles.results} id={`${id}-list`} role="listbox" aria-label={t('switcher.results')}>
        {groups.map((group) => (
          <div key={group.title} role="group" aria-label={t(group.title)}>
            <p className={styles.title} aria-hidden>
              {t(group.title)}
            </p>
            {group.places.map((place) => (
              // The keys go to the search box, which tells the chosen option by aria-activedescendant.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
              <div
                key={place.key}
                id={`${id}-${place.key}`}
                data-place={place.key}
                role="option"
                aria-selected={place === current}
                className={classNames(styles.place, place === current && styles.chosen)}
                onPointerMove={() => setChosen(places.indexOf(place))}
                onClick={() => go(place)}
              >
                {place.icon}
                <span className={styles.name} title={place.name}>
                  {place.name}
                </span>
                {place.note && <span className={styles.note}>{place.note}</span>}
              </div>
            ))}
          </div>
        ))}
      </div>
      {places.length === 0 && <p className={styles.empty}>{t('switcher.empty')}</p>}
      <p className={styles.hint}>{t('switcher.hint')}</p>
    </Dialog>
  );
}
