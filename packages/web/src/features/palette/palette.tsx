import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useLayoutEffect, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { noteUse } from '../../state/used.js';
import { classNames } from '../../ui/class-names.js';
import { endsComposition } from '../../ui/composition.js';
import { Dialog } from '../../ui/dialog.js';
import { ActionKeys } from '../action/keys.js';
import styles from './palette.module.css';
import { takeTyped } from './palette-shell.js';
import { type Entry, useEntries } from './use-entries.js';

/** How far a key moves the choice. */
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 };

/** The command palette: goes to any room or user, and does anything the web client can do, by a few letters of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  return <EntrySearch onClose={onClose} isOnlyPeople={false} />;
}

/** Begins a conversation with somebody. */
export function DirectPalette({ onClose }: { onClose: () => void }) {
  return <EntrySearch onClose={onClose} isOnlyPeople />;
}

function EntrySearch({ onClose, isOnlyPeople }: { onClose: () => void; isOnlyPeople: boolean }) {
  const { t } = useTexts();
  const id = useId();
  const [search, setSearch] = useState('');
  // Not while rendering, which React may do in vain, and during which more may be typed.
  // oxlint-disable-next-line react/set-state-in-effect -- it is outside of React until now
  useLayoutEffect(() => setSearch(takeTyped()), []);
  const { groups, isPartial } = useEntries(search, isOnlyPeople);
  const entries = groups.flatMap((group) => group.entries);
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, entries.length - 1);
  const current = entries[at];
  const placeholder = t(isOnlyPeople ? 'palette.placeholderPeople' : 'palette.placeholder');

  const choose = (entry: Entry) => {
    noteUse(entry.key);
    onClose();
    // The dialog first gives the focus back.
    requestAnimationFrame(entry.run);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (endsComposition(event.nativeEvent)) return;
    const step = STEPS[event.key];
    if (step !== undefined && entries.length > 0) {
      event.preventDefault();
      const next = Math.abs(step) === 1 ? (at + step + entries.length) % entries.length : within(at + step, entries);
      setChosen(next);
      document
        .querySelector(`[data-entry="${CSS.escape(entries[next]?.key ?? '')}"]`)
        ?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && current) {
      event.preventDefault();
      choose(current);
    }
  };

  return (
    <Dialog kind="search" title={t(isOnlyPeople ? 'palette.titlePeople' : 'palette.title')} onClose={onClose}>
      <div className={styles.search}>
        <Search size={18} aria-hidden />
        <input
          className={styles.input}
          role="combobox"
          aria-expanded={entries.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={current && `${id}-${current.key}`}
          aria-autocomplete="list"
          aria-label={placeholder}
          placeholder={placeholder}
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
      <div className={styles.results} id={`${id}-list`} role="listbox" aria-label={t('palette.results')}>
        {groups.map((group) => (
          <div key={group.title} role="group" aria-label={group.title}>
            <p className={styles.title} aria-hidden>
              {group.title}
            </p>
            {group.entries.map((entry) => (
              // The keys go to the search box, which tells the chosen option by aria-activedescendant.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
              <div
                key={entry.key}
                id={`${id}-${entry.key}`}
                data-entry={entry.key}
                role="option"
                aria-selected={entry === current}
                className={classNames(styles.entry, entry === current && styles.chosen)}
                onPointerMove={() => setChosen(entries.indexOf(entry))}
                onClick={() => choose(entry)}
              >
                <span className={styles.icon}>{entry.icon}</span>
                <span className={styles.name} title={entry.name}>
                  {entry.name}
                </span>
                {entry.note && <span className={styles.note}>{entry.note}</span>}
                {entry.keys && (
                  <span className={styles.keys}>
                    <ActionKeys choices={entry.keys} />
                  </span>
                )}
              </div>
            ))}
          </div>
        ))}
      </div>
      {entries.length === 0 && !isPartial && (
        <p className={styles.empty}>{t(isOnlyPeople ? 'palette.emptyPeople' : 'palette.empty')}</p>
      )}
      <div className="visually-hidden" role="status">
        {search.trim() !== '' && entries.length > 0 && t('palette.count', { count: entries.length })}
      </div>
      <div role="status">
        {isPartial && <p className={styles.empty}>{t(isOnlyPeople ? 'palette.partialPeople' : 'palette.partial')}</p>}
      </div>
      <p className={styles.hint}>{t('palette.hint')}</p>
    </Dialog>
  );
}

function within(at: number, { length }: readonly Entry[]): number {
  return Math.min(Math.max(at, 0), length - 1);
}
