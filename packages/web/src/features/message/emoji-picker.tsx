import { EmojiPicker as Picker, type EmojiPickerListComponents } from 'frimousse';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { type Language, searchedPart, searchKey } from '@madang/protocol';
import { useTexts } from '../../i18n/use-texts.js';
import { endsComposition } from '../../ui/composition.js';
import { languageOf } from '../../i18n/i18n.js';
import styles from './emoji-picker.module.css';

/** A grid of emoji with a search in the page's language. Its data comes from this server. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const { t, i18n } = useTexts();
  const language = languageOf(i18n);
  const data = useEmojiData(language);
  const [search, setSearch] = useState('');
  const columns = useSyncExternalStore(onResize, columnsThatFit);
  if (!data) return <p className={styles.note}>{t('emoji.loading')}</p>;
  return (
    <Picker.Root
      className={styles.picker}
      locale={language}
      columns={columns}
      resolveEmojiData={emojiData}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <input
        // The picker's own field, which it finds by this attribute, holds what is searched for in another form.
        {...{ 'frimousse-search': '' }}
        className={styles.search}
        type="search"
        aria-label={t('emoji.search')}
        placeholder={t('emoji.search')}
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="done"
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- whoever opens it searches
        autoFocus
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={(event) => {
          // The picker listens at the document.
          if (endsComposition(event.nativeEvent)) event.stopPropagation();
        }}
      />
      <Picker.Search hidden value={searchedPart(search).part} onChange={() => {}} />
      {/* Focusable, for it scrolls; the keys for choosing go to the search field. */}
      <Picker.Viewport className={styles.viewport} tabIndex={0}>
        <Picker.Loading className={styles.note}>{t('emoji.loading')}</Picker.Loading>
        <Picker.Empty>{() => <p className={styles.note}>{t('emoji.empty', { search })}</p>}</Picker.Empty>
        <Picker.List className={styles.list} components={parts} />
      </Picker.Viewport>
    </Picker.Root>
  );
}

const parts: EmojiPickerListComponents = {
  CategoryHeader: ({ category, ...props }) => (
    <div {...props} className={styles.category}>
      {category.label}
    </div>
  ),
  Row: ({ children, ...props }) => (
    <div {...props} aria-rowindex={fromOne(props['aria-rowindex'])} className={styles.row}>
      {children}
    </div>
  ),
  Emoji: ({ emoji, ...props }) => (
    <button
      {...props}
      role="gridcell"
      aria-colindex={fromOne(props['aria-colindex'])}
      type="button"
      className={styles.emoji}
      title={emoji.label}
    >
      {emoji.emoji}
    </button>
  ),
};

/** The picker counts rows and columns from 0, ARIA from 1. */
function fromOne(index: number | undefined): number {
  return (index ?? 0) + 1;
}

type EmojiData = Awaited<ReturnType<NonNullable<React.ComponentProps<typeof Picker.Root>['resolveEmojiData']>>>;

/** After this long without an answer, in ms, the user is asked whether to try again. */
const TIME_OUT_MS = 15_000;

const known = new Map<Language, EmojiData>();

/** The emoji of a language, once loaded. Throws if they can't be loaded; the picker itself would wait for ever. */
function useEmojiData(language: Language): EmojiData | undefined {
  const [loaded, setLoaded] = useState<EmojiData | { error: unknown }>();
  useEffect(() => {
    const load = async () => {
      try {
        const data = await loadEmoji(language);
        known.set(language, data);
        setLoaded(data);
      } catch (error) {
        setLoaded({ error });
      }
    };
    if (!known.has(language)) void load();
  }, [language]);
  if (loaded && 'error' in loaded) throw loaded.error;
  return known.get(language);
}

/** The data that the picker requests, once loaded. */
function emojiData(language: string): EmojiData {
  return known.get(language as Language) as EmojiData;
}

async function loadEmoji(language: Language): Promise<EmojiData> {
  const signal = AbortSignal.timeout(TIME_OUT_MS);
  const response = await fetch(new URL(`emoji/${language}.json`, document.baseURI), { signal });
  const data = (await response.json()) as EmojiData | undefined;
  // Something else may have answered in the server's place.
  if (!response.ok || !Array.isArray(data?.emojis)) throw new Error(`The emoji were not loaded: ${response.status}`);
  return withSearchKeys(data);
}

/** The width of the picker where there is room, and of what of it is not for emoji, in px. */
const WIDTH_PX = 324;
const SIDES_PX = 16;

/** As many emoji as stand side by side, at least as wide as the styles want them; they share what is left. */
function columnsThatFit(): number {
  const size = matchMedia('(pointer: coarse)').matches ? 44 : 38;
  return Math.max(1, Math.floor((Math.min(WIDTH_PX, innerWidth - 24) - SIDES_PX) / size));
}

function onResize(listener: () => void): () => void {
  addEventListener('resize', listener);
  return () => removeEventListener('resize', listener);
}

/** How much more than a tag the picker counts a label, when it sorts what it found. */
const LABEL_TAGS = 10;

/** The picker searches for plain substrings: as tags, each emoji also gets the keys by which names are found. */
function withSearchKeys(data: EmojiData): EmojiData {
  const emojis = data.emojis.map((emoji) => ({
    ...emoji,
    tags: [...Array.from<string>({ length: LABEL_TAGS }).fill(searchKey(emoji.label)), ...emoji.tags.map(searchKey)],
  }));
  return { ...data, emojis };
}
