import { formatLimits, normalizeName, type Room, type Section } from '@madang/protocol';
import { ArrowDown, ArrowUp, FolderPlus, Trash2 } from 'lucide-react';
import { type FormEvent, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable } from '../../state/client-provider.js';
import { errorCode, errorText } from '../../state/error-text.js';
import { nameError } from '../../state/name-error.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { TextField } from '../../ui/field.js';
import { IconButton } from '../../ui/icon-button.js';
import { OptionRow } from '../../ui/option-row.js';
import { showToast } from '../../ui/toast.js';
import styles from './sections-dialog.module.css';

/** The user's own sections of the list of rooms: new ones, other names, another order. */
export function SectionsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const { sections, change } = useSections();
  const list = useRef<HTMLUListElement>(null);

  const move = async ({ id }: Section, step: 1 | -1) => {
    await change((all) => moved(all, id, step));
    // The button goes along with its section; at the end of the list the other one is left.
    const buttons = list.current?.querySelectorAll<HTMLButtonElement>(`[data-section="${id}"] button`);
    const [up, down] = [...(buttons ?? [])];
    const [same, other] = step < 0 ? [up, down] : [down, up];
    (same?.getAttribute('aria-disabled') === 'true' ? other : same)?.focus();
  };

  return (
    <Dialog title={t('section.title')} description={t('section.text')} onClose={onClose}>
      <NewSection sections={sections} onNew={(section) => change((all) => [...all, section])} />
      {sections.length === 0 && <Empty icon={<FolderPlus size={28} aria-hidden />} title={t('section.none')} />}
      <ul ref={list} className={styles.list}>
        {sections.map((section, at) => (
          <li key={section.id} className={styles.row} data-section={section.id}>
            <SectionName
              section={section}
              onRename={(name) =>
                change((all) => all.map((each) => (each.id === section.id ? { ...each, name } : each)))
              }
            />
            <IconButton
              label={t('section.up', { name: section.name })}
              aria-disabled={at === 0}
              onClick={() => at > 0 && void move(section, -1)}
            >
              <ArrowUp size={17} aria-hidden />
            </IconButton>
            <IconButton
              label={t('section.down', { name: section.name })}
              aria-disabled={at === sections.length - 1}
              onClick={() => at < sections.length - 1 && void move(section, 1)}
            >
              <ArrowDown size={17} aria-hidden />
            </IconButton>
            <IconButton
              label={t('section.delete', { name: section.name })}
              onClick={() => void change((all) => all.filter(({ id }) => id !== section.id))}
            >
              <Trash2 size={17} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Puts a room into one of the user's sections, or into a new one. */
export function MoveDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const { sections, change } = useSections();
  const move = async (section: string | null) => {
    try {
      await client.call('membership.set', { room: room.id, section });
      return true;
    } catch (error) {
      showToast(errorText(t, error));
      return false;
    }
  };
  return (
    <Dialog title={t('section.moveTitle')} onClose={onClose}>
      <OptionRow
        label={t('section.moveTitle')}
        value={room.section ?? ''}
        options={[
          { value: '', label: t('section.noSection') },
          ...sections.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(id) => void move(id === '' ? null : id)}
      />
      <NewSection
        sections={sections}
        onNew={async (section) => {
          if (!(await change((all) => [...all, section])) || !(await move(section.id))) return false;
          onClose();
          return true;
        }}
      />
    </Dialog>
  );
}

function useSections() {
  const { t } = useTexts();
  const client = useClient();
  const sections = useObservable(client.sections);
  /** Changes them as they are by now, which another device may have changed too. Resolves to whether it is done. */
  const change = async (next: (sections: readonly Section[]) => readonly Section[], tries = 5): Promise<boolean> => {
    const was = client.sections.get();
    try {
      await client.call('section.set', { sections: [...next(was)], was: [...was] });
      return true;
    } catch (error) {
      if (errorCode(error) === 'conflict' && tries > 1) {
        await client.call('section.list', {}).catch(() => undefined);
        return change(next, tries - 1);
      }
      showToast(errorText(t, error));
      return false;
    }
  };
  return { sections, change };
}

function moved(sections: readonly Section[], id: string, step: 1 | -1): Section[] {
  const next = [...sections];
  const at = next.findIndex((each) => each.id === id);
  // Another device has removed it.
  if (at >= 0) next.splice(Math.max(0, at + step), 0, ...next.splice(at, 1));
  return next;
}

function NewSection(props: { sections: readonly Section[]; onNew: (section: Section) => Promise<boolean> }) {
  const { t } = useTexts();
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const isFull = props.sections.length >= formatLimits.sections;
    const problem = isFull ? t('section.limit') : nameError(t, name, formatLimits.sectionNameChars);
    setError(problem);
    if (problem) return;
    const id = crypto.getRandomValues(new Uint32Array(2)).join('-');
    if (await props.onNew({ id, name: normalizeName(name) })) setName('');
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        className={styles.field}
        label={t('section.new')}
        placeholder={t('section.placeholder')}
        value={name}
        error={error}
        onValueChange={setName}
        data-autofocus
      />
      <Button type="submit">{t('section.create')}</Button>
    </form>
  );
}

/** A section's name, which is saved by Enter, or when the focus leaves it. */
function SectionName({ section, onRename }: { section: Section; onRename: (name: string) => Promise<boolean> }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState<string>();
  const [error, setError] = useState<string>();
  const save = async () => {
    if (typed === undefined || normalizeName(typed) === section.name) return setTyped(undefined);
    const problem = nameError(t, typed, formatLimits.sectionNameChars);
    setError(problem);
    if (!problem && (await onRename(normalizeName(typed)))) setTyped(undefined);
  };
  return (
    <form
      className={styles.field}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField
        label={t('section.name')}
        isLabelHidden
        value={typed ?? section.name}
        error={error}
        onValueChange={setTyped}
        onBlur={() => void save()}
      />
    </form>
  );
}
