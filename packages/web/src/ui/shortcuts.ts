import { useSyncExternalStore } from 'react';
import { Changes } from '../state/changes.js';
import { endsComposition } from './composition.js';

/** A key with perhaps a modifier. */
interface Shortcut {
  /**
   * The place of the key, by the name that it has on a US keyboard (`KeyboardEvent.code`): the same on every layout, also
   * where the key types ㄷ or `.`.
   */
  place: string;
  /** What it types on a US keyboard. */
  us: string;
  /** With Cmd on Apple's systems, and with Ctrl elsewhere. */
  hasMod?: boolean;
}

/** The shortcuts that are letters or signs. Keys such as arrows are what they say. */
export const shortcuts = {
  palette: { place: 'KeyK', us: 'k', hasMod: true },
  settings: { place: 'Comma', us: ',', hasMod: true },
  help: { place: 'Slash', us: '/', hasMod: true },
  edit: { place: 'KeyE', us: 'e' },
  selectAll: { place: 'KeyA', us: 'a', hasMod: true },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof shortcuts;

/** Letters that a browser with Ctrl or Cmd keeps for itself: a new tab, a new window, closing. */
const KEPT_BY_BROWSER = new Set(['t', 'n', 'w']);

/** Whether a key event is a shortcut. With Ctrl or Cmd the letter itself counts as well, wherever a layout has it. */
export function isShortcut(event: KeyboardEvent, name: ShortcutName): boolean {
  const { place, us, hasMod = false }: Shortcut = shortcuts[name];
  if (endsComposition(event) || event.altKey || event.shiftKey) return false;
  if (hasMod !== isModPressed(event)) return false;
  return event.code === place || ((hasMod || event.code === '') && event.key.toLowerCase() === us);
}

/** Whether a key event types a question mark, or stands where one is on a US keyboard. */
export function isQuestionMark(event: KeyboardEvent): boolean {
  if (endsComposition(event) || event.ctrlKey || event.metaKey) return false;
  return event.key === '?' || (event.code === 'Slash' && event.shiftKey && !event.altKey);
}

/** Whether keys typed there are text. */
export function takesText(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
}

/** The names of a shortcut's keys as this keyboard has them: `Ctrl` and `K`, `⌘` and `K`, `.` for the place of E on Dvorak. */
export function useShortcutKeys(): (name: ShortcutName) => string[] {
  const layout = useSyncExternalStore(subscribe, () => known);
  return (name) => {
    const { place, us, hasMod = false }: Shortcut = shortcuts[name];
    const own = layout?.get(place) ?? '';
    // A keyboard for another script has Latin letters as well, and is spoken of by them.
    const isForeign = own === '' || /(?!\p{Script=Latin})\p{L}/u.test(own);
    const isKept = hasMod && KEPT_BY_BROWSER.has(own.toLowerCase());
    const key = isForeign || isKept ? us : own;
    return [...(hasMod ? [modName()] : []), key.toUpperCase()];
  };
}

function isModPressed({ ctrlKey, metaKey }: KeyboardEvent): boolean {
  // On Apple's systems Ctrl moves and cuts in text fields.
  return isApple() ? metaKey && !ctrlKey : ctrlKey || metaKey;
}

/** The name of the modifier of shortcuts. */
function modName(): string {
  return isApple() ? '⌘' : 'Ctrl';
}

function isApple(): boolean {
  const { userAgentData, platform } = navigator as Navigator & { userAgentData?: { platform: string } };
  return /^(mac|iphone|ipad|ios)/i.test(userAgentData?.platform ?? platform);
}

type Layout = ReadonlyMap<string, string>;

interface LayoutKeyboard extends EventTarget {
  getLayoutMap?: () => Promise<Layout>;
}

let known: Layout | undefined;
let isAsked = false;
const changes = new Changes();

/** Chromium alone tells the layout, and only to pages that came over HTTPS. */
async function readLayout(): Promise<void> {
  const { keyboard } = navigator as Navigator & { keyboard?: LayoutKeyboard };
  try {
    known = await keyboard?.getLayoutMap?.();
  } catch {
    // In a frame that may not know it; the US names stay.
  }
  changes.tell();
}

function subscribe(listener: () => void): () => void {
  // Whoever changed the layout did so in another window.
  if (!isAsked) window.addEventListener('focus', () => void readLayout());
  if (!isAsked) void readLayout();
  isAsked = true;
  return changes.subscribe(listener);
}
