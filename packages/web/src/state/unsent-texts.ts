import { isBlank } from '@madang/protocol';
import { Changes } from './changes.js';
import { forget, isUnkept, readStored, store, storedKeys } from './storage.js';
import type { TabMessage, Tabs } from './tabs.js';
import {
  covers,
  isAbove,
  parseUnsent,
  type Place,
  placeKey,
  placeOf,
  type UnsentEdit,
  type UnsentText,
} from './unsent-text.js';

const PREFIX = 'madang.unsent ';

/** Texts of users who have not been here for this long, in ms, are forgotten. One's own stay. */
const OTHERS_MS = 30 * 24 * 3600_000;

/** A change to the text at a place. */
export interface Writing {
  text: string;
  roomTitle: string;
  edit?: UnsentEdit | undefined;
  /** All of the text that was there was selected, and this was written instead. */
  isReplacing?: boolean;
}

/**
 * The unsent texts of the page's user. Tabs show the same text at the same place while only one of them changes it. If two
 * change it at the same moment, each keeps its own, as two texts. A text that is sent or discarded in one tab disappears in
 * all. The browser's storage keeps texts across reloads; if it fails, they last as long as the page.
 */
export class UnsentTexts {
  #user: string | undefined;
  readonly #texts = new Map<string, UnsentText>();
  /** Which text this tab shows at a place; null if it has just been sent or discarded there. */
  readonly #shown = new Map<string, string | null>();
  /** What other tabs did at places where a composition is in progress. */
  readonly #held = new Map<string, TabMessage[]>();
  readonly #changes = new Changes();
  readonly #tabs: Tabs;
  readonly #home = homeTab();
  /** This load of this tab: a duplicated tab has the same home. */
  readonly #tab = `${this.#home} ${randomId()}`;
  #all: readonly UnsentText[] | undefined;

  constructor(tabs: Tabs) {
    this.#tabs = tabs;
    tabs.hear((message) => this.#hear(message));
  }

  readonly subscribe = this.#changes.subscribe;

  /** Every text of the user, oldest first. The same array until one changes. */
  readonly all = (): readonly UnsentText[] => {
    this.#all ??= [...this.#texts.values()].sort((a, b) => a.at - b.at);
    return this.#all;
  };

  /** Loads a user's texts, and forgets the one's before from memory. */
  begin(user: string): void {
    if (this.#user === user) return;
    this.#user = user;
    this.#texts.clear();
    this.#shown.clear();
    this.#held.clear();
    this.load();
  }

  /** Takes what is in the browser's storage: other tabs are not heard while the page is frozen. */
  load(): void {
    for (const key of storedKeys().filter((each) => each.startsWith(PREFIX))) {
      const text = parseUnsent(readStored(key) ?? '');
      const isOwn = text !== undefined && text.user === this.#user && key === storageKey(text);
      if (!isOwn) {
        if (!text || Date.now() - text.at > OTHERS_MS) forget(key);
      } else if (this.#texts.has(text.id)) this.#heardWritten(text);
      else this.#texts.set(text.id, text);
    }
    this.#changed();
  }

  /** The text that this tab shows at a place. */
  at(place: Place): UnsentText | undefined {
    if (place.user !== this.#user) return undefined;
    const key = placeKey(place);
    const shown = this.#shown.get(key);
    if (shown === null) return undefined;
    const known = shown === undefined ? undefined : this.#texts.get(shown);
    if (known) return known;
    const found = this.#pick(key);
    if (found) this.#shown.set(key, found.id);
    return found;
  }

  /** Changes the text at a place. An empty draft is forgotten. */
  write(place: Place, { text, roomTitle, edit, isReplacing = false }: Writing): void {
    if (place.user !== this.#user) return;
    const known = this.at(place);
    if (text === '' && !edit) return known && this.remove(known);
    const { user, room } = place;
    // Another tab may still show what was replaced here.
    const isOther = isReplacing && known !== undefined && this.#hasOtherAuthor(known);
    const clock = isOther ? {} : known?.clock;
    const written: UnsentText = {
      id: isOther || !known ? randomId() : known.id,
      user,
      room,
      roomTitle,
      ...(edit && { edit }),
      text,
      at: Date.now(),
      clock: { ...clock, [this.#tab]: (clock?.[this.#tab] ?? 0) + 1 },
    };
    if (isOther) this.#drop(known);
    this.#keep(written);
    this.#shown.set(placeKey(place), written.id);
    this.#tabs.tell({ type: 'text.written', text: written, ...(isOther && { replaced: known.id }) });
    this.#changed();
  }

  /** Forgets a text, which was sent, saved or discarded. */
  remove(text: UnsentText): void {
    const known = this.#texts.get(text.id);
    if (!known) return;
    this.#drop(known);
    this.#tabs.tell({ type: 'text.removed', text: known });
    this.#changed();
  }

  /** Whether closing the page would lose a text. */
  get isAtRisk(): boolean {
    return this.all().some((text) => !isBlank(text.text) && isUnkept(storageKey(text)));
  }

  /** Forgets everything of the user, who has signed out. Other tabs keep what they show. */
  forgetAll(): void {
    for (const text of this.#texts.values()) forget(storageKey(text));
    this.#texts.clear();
    this.#shown.clear();
    this.#user = undefined;
    this.#changed();
  }

  /** Lets nothing that other tabs do change the text at a place, until {@link release}. */
  hold(place: Place): void {
    const key = placeKey(place);
    if (!this.#held.has(key)) this.#held.set(key, []);
  }

  release(place: Place): void {
    const held = this.#held.get(placeKey(place)) ?? [];
    this.#held.delete(placeKey(place));
    for (const message of held) this.#hear(message);
  }

  #hear(message: TabMessage): void {
    if (message.type === 'session' || message.text.user !== this.#user) return;
    const held = this.#held.get(placeKey(placeOf(message.text)));
    if (held) return void held.push(message);
    if (message.type === 'text.removed') this.#heardRemoved(message.text);
    else {
      if (message.replaced !== undefined) this.#heardReplaced(message.replaced);
      this.#heardWritten(message.text);
    }
    this.#changed();
  }

  #heardWritten(heard: UnsentText): void {
    const known = this.#texts.get(heard.id);
    const place = placeKey(placeOf(heard));
    if (known && covers(known.clock, heard.clock)) return;
    if (known && !covers(heard.clock, known.clock)) {
      if (this.#isShown(known) && this.#tab in known.clock) return this.#part(known);
      // Whoever wrote them goes on with a text of their own. Until that is heard, all tabs take the same one of the two.
      if (isAbove(known.clock, heard.clock)) return;
    }
    this.#texts.set(heard.id, heard);
    if (!this.#texts.has(this.#shown.get(place) ?? '')) this.#shown.set(place, heard.id);
  }

  /** Two tabs have changed a text at the same moment: each goes on with its own. */
  #part(known: UnsentText): void {
    const own = { ...known, id: randomId(), clock: { [this.#tab]: 1 } };
    this.remove(known);
    this.#keep(own);
    this.#shown.set(placeKey(placeOf(own)), own.id);
    this.#tabs.tell({ type: 'text.written', text: own });
  }

  #heardRemoved(heard: UnsentText): void {
    const known = this.#texts.get(heard.id);
    if (!known) return;
    // More has been written here since: that stays.
    if (covers(heard.clock, known.clock)) this.#drop(known);
    else this.#keep(known);
  }

  #heardReplaced(id: string): void {
    const known = this.#texts.get(id);
    if (!known) return;
    // Who wrote it here may want to continue.
    if (this.#isShown(known) && this.#isFromHere(known)) this.#keep(known);
    else {
      this.#drop(known);
      this.#shown.delete(placeKey(placeOf(known)));
    }
  }

  #isShown(text: UnsentText): boolean {
    return this.#shown.get(placeKey(placeOf(text))) === text.id;
  }

  /** Whether it was written in this tab, perhaps before a reload. */
  #isFromHere({ clock }: UnsentText): boolean {
    return Object.keys(clock).some((tab) => tab.startsWith(`${this.#home} `));
  }

  #hasOtherAuthor({ clock }: UnsentText): boolean {
    return Object.keys(clock).some((tab) => tab !== this.#tab);
  }

  /** The text to show at a place: preferably this tab's own, otherwise the newest. */
  #pick(key: string): UnsentText | undefined {
    const here = this.all().filter((text) => placeKey(placeOf(text)) === key);
    return here.findLast((text) => this.#isFromHere(text)) ?? here.at(-1);
  }

  #keep(text: UnsentText): void {
    this.#texts.set(text.id, text);
    store(storageKey(text), JSON.stringify(text));
  }

  #drop(text: UnsentText): void {
    this.#texts.delete(text.id);
    forget(storageKey(text));
    if (this.#isShown(text)) this.#shown.set(placeKey(placeOf(text)), null);
  }

  #changed(): void {
    this.#all = undefined;
    this.#changes.tell();
  }
}

function storageKey(text: UnsentText): string {
  return `${PREFIX}${placeKey(placeOf(text))} ${text.id}`;
}

/** The id of this tab, also after a reload. */
function homeTab(): string {
  const key = 'madang.tab';
  try {
    const known = sessionStorage.getItem(key) ?? randomId();
    sessionStorage.setItem(key, known);
    return known;
  } catch {
    return randomId();
  }
}

/** A short random id. `crypto.randomUUID` is missing on pages without TLS. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (each) => each.toString(36)).join('');
}
