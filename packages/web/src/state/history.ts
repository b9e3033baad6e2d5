import { useEffect } from 'react';
import { navigate as navigateHash, useHashLocation } from 'wouter/use-hash-location';
import { useLatest } from '../ui/use-latest.js';
import { PHONE, TOUCH } from './media.js';

/**
 * The browser's history. What is on top of a page closes with it, however it is left. On a phone Back closes what is on top
 * first: a menu, a dialog, a panel, then the room. There, what opens on top adds an entry. What closes in another way leaves
 * its entry: taking it away would be a step back in the middle of whatever happens next. The next thing that opens takes it
 * over, a change of page replaces it, and Back passes over it.
 */

/** What is known of an entry; kept in the browser's own state, so that it survives a reload. */
interface Mark {
  /** Grows from entry to entry. */
  at: number;
  /** How many things are on top of the page here. */
  layer: number;
  /** The part of the address after the page's own. */
  place: string;
  /** The place that Back leads to, if it is one of ours. */
  under?: string | undefined;
}

interface Layer {
  close: () => void;
}

let current: Mark = { at: 0, layer: 0, place: '' };
/** The page that is seen. */
let page = 0;
const layers: Layer[] = [];

/** Follows the browser's history; on a phone a room that was opened by its link gets the list of rooms below it. */
export function startHistory(): void {
  window.addEventListener('popstate', onMove);
  window.addEventListener('hashchange', onMove);
  const mark = readMark();
  if (mark) {
    current = mark;
    page = pageOf(mark);
    return;
  }
  const place = location.hash;
  const hasListBelow = matchMedia(PHONE).matches && place.startsWith('#/r/');
  keep({ at: 0, layer: 0, place: hasListBelow ? '#/' : place }, 'replace');
  if (hasListBelow) keep({ at: 1, layer: 0, place, under: '#/' }, 'push');
}

/** The page's place in the address, for the router. */
export function useHistoryLocation(): [string, typeof navigate] {
  const [place] = useHashLocation();
  return [place, navigate];
}

/** Goes from a room back to the list of rooms. */
export function goToRooms(): void {
  if (isList(current.under)) history.go(-1 - current.layer);
  else navigate('/');
}

/** Goes from a page that lies over others, such as the settings, back to where the user came from. */
export function goBack(): void {
  if (current.under === undefined) navigate('/');
  else history.go(-1 - current.layer);
}

/** While it is open, leaving the page closes it, and Back alone on a phone. */
export function useBackCloses(isOpen: boolean, onClose: () => void): void {
  const latest = useLatest(onClose);
  useEffect(() => (isOpen ? openLayer({ close: () => latest.current() }) : undefined), [isOpen, latest]);
}

function openLayer(layer: Layer): () => void {
  layers.push(layer);
  const hasEntry = matchMedia(PHONE).matches || matchMedia(TOUCH).matches;
  if (hasEntry && layers.length > current.layer) {
    keep({ ...current, at: current.at + 1, layer: current.layer + 1 }, 'push');
  }
  return () => remove(layer);
}

function closeLayers(open: readonly Layer[]): void {
  for (const layer of open.toReversed()) {
    remove(layer);
    layer.close();
  }
}

function remove(layer: Layer): void {
  const at = layers.indexOf(layer);
  if (at >= 0) layers.splice(at, 1);
}

function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const isReplaced = replace || current.layer > 0;
  const under = replace && current.layer === 0 ? current.under : current.place;
  current = { at: current.at + 1, layer: 0, place: `#${to}`, under };
  page = current.at;
  navigateHash(to, { replace: isReplaced, state: { madang: current } });
}

function onMove(): void {
  const before = current;
  const mark = readMark();
  if (!mark) {
    // A link was followed, or an address entered.
    closeLayers(layers);
    keep({ at: before.at + 1, layer: 0, place: location.hash, under: before.place }, 'replace');
    return;
  }
  current = mark;
  if (mark.at === before.at) return;
  const isBack = mark.at < before.at;
  const isSamePage = pageOf(mark) === page;
  if (!isSamePage) closeLayers(layers);
  else if (isBack && layers.length > 0) {
    // At least one: the entries of others may have been left on top of its own.
    closeLayers(layers.slice(Math.min(mark.layer, layers.length - 1)));
    return;
  }
  // An entry of what is not there any more is passed over. The last one may stay: it looks like its page.
  if (mark.layer <= layers.length && !(isBack && isSamePage)) page = pageOf(mark);
  else if (isBack) history.back();
  else history.forward();
}

/** The page that an entry belongs to, by the number of the page's own entry. */
function pageOf({ at, layer }: Mark): number {
  return at - layer;
}

function keep(mark: Mark, how: 'push' | 'replace'): void {
  current = mark;
  page = pageOf(mark);
  history[`${how}State`]({ madang: mark }, '', mark.place === '' ? undefined : mark.place);
}

function readMark(): Mark | undefined {
  return (history.state as { madang?: Mark } | null)?.madang;
}

function isList(address: string | undefined): boolean {
  return address !== undefined && /^#?\/?$/.test(address);
}
