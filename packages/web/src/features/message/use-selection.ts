import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { takesText } from '../../ui/shortcuts.js';
import { copyOf } from './copied-messages.js';
import type { Row } from './rows.js';
import { articleOf, indexAt, type Page, readEndTexts, selectedParts } from './selected-parts.js';

/** The rows that hold the ends of the selection, by their keys; absent for an end outside the list. */
interface Ends {
  anchor?: string | undefined;
  focus?: string | undefined;
}

/** A selection of whole messages that waits for its rows to be in the page. Without an anchor it extends the present one. */
interface Wanted {
  anchor?: string;
  focus: string;
}

export interface MessageSelection {
  /** Indexes of rows that stay in the page, out of sight too: they hold the ends of the selection. */
  kept: readonly number[];
  /** Those of them between which something is selected. */
  needed: readonly number[];
  /** Selects whole messages from one row to another, by their indexes. */
  select: (from: number, to: number) => void;
  /** Extends what is selected by whole messages up to a row; from another row, if nothing is selected. */
  extend: (from: number, to: number) => void;
}

/**
 * The browser's own selection in a list that has only visible rows in the page: the rows at its ends stay there, and what is
 * copied includes the rows between them.
 */
export function useSelection(rows: readonly Row[], scroller: RefObject<HTMLElement | null>): MessageSelection {
  const { t, i18n } = useTexts();
  const language = languageOf(i18n);
  const [ends, setEnds] = useState<Ends>();
  const [wanted, setWanted] = useState<Wanted>();
  const [isCollapsed, setIsCollapsed] = useState(true);
  const page = useRef<Page>({ rows, endTexts: new Map() });
  const done = useRef<Wanted>(undefined);

  useLayoutEffect(() => {
    page.current.rows = rows;
    if (wanted === done.current || !scroller.current) return;
    if (!wanted || isSelected(scroller.current, rows, wanted)) done.current = wanted;
  });

  useEffect(() => {
    const onChange = () => {
      const now = scroller.current ? readEnds(scroller.current, page.current) : undefined;
      setEnds((before) => (before?.anchor === now?.anchor && before?.focus === now?.focus ? before : now));
      setIsCollapsed(getSelection()?.isCollapsed !== false);
      // Only now, since nothing else has kept its rows.
      setWanted((before) => (before === done.current ? undefined : before));
    };
    document.addEventListener('selectionchange', onChange);
    return () => document.removeEventListener('selectionchange', onChange);
  }, [scroller]);

  useEffect(() => {
    const onCopy = (event: ClipboardEvent) => {
      const { target, clipboardData } = event;
      if (!scroller.current || !clipboardData || takesText(target)) return;
      const parts = selectedParts(scroller.current, page.current);
      if (!parts) return;
      const { text, html } = copyOf(t, language, parts);
      clipboardData.setData('text/plain', text);
      clipboardData.setData('text/html', html);
      event.preventDefault();
    };
    document.addEventListener('copy', onCopy);
    return () => document.removeEventListener('copy', onCopy);
  }, [scroller, t, language]);

  const kept = useMemo(() => {
    const keys = [ends?.anchor, ends?.focus, wanted?.anchor, wanted?.focus].filter((key) => key !== undefined);
    if (keys.length === 0) return [];
    return rows.flatMap(({ key }, index) => (keys.includes(key) ? [index] : []));
  }, [rows, ends, wanted]);

  const want = (anchor: string | undefined, to: number) => {
    const focus = rows[to]?.key;
    if (focus !== undefined) setWanted({ focus, ...(anchor !== undefined && { anchor }) });
  };
  return {
    kept,
    needed: isCollapsed && !wanted ? [] : kept,
    select: (from, to) => want(rows[from]?.key, to),
    extend: (from, to) => {
      // The browser tells of a selection later than of the next key.
      if (wanted) return want(wanted.anchor, to);
      const isAnySelected = ends?.anchor !== undefined && getSelection()?.isCollapsed === false;
      want(isAnySelected ? undefined : rows[from]?.key, to);
    },
  };
}

/** Reads where the selection ends, and notes the texts there. */
function readEnds(scroller: HTMLElement, page: Page): Ends | undefined {
  page.endTexts = readEndTexts(scroller, page);
  const { anchorNode = null, anchorOffset = 0, focusNode = null, focusOffset = 0 } = getSelection() ?? {};
  const keyAt = (node: Node | null, offset: number) =>
    node ? page.rows[indexAt(scroller, node, offset)]?.key : undefined;
  const anchor = keyAt(anchorNode, anchorOffset);
  const focus = keyAt(focusNode, focusOffset);
  return anchor === undefined && focus === undefined ? undefined : { anchor, focus };
}

/** Selects what is wanted. Returns false if its rows are not in the page yet. */
function isSelected(scroller: HTMLElement, rows: readonly Row[], { anchor, focus }: Wanted): boolean {
  const selection = getSelection();
  const last = articleOf(scroller, focus);
  if (!selection || !last) return false;
  if (anchor === undefined) {
    const isDown = isAfter(last, selection.anchorNode);
    selection.extend(last, isDown ? last.childNodes.length : 0);
    return true;
  }
  const first = articleOf(scroller, anchor);
  if (!first) return false;
  const isDown = rows.findIndex(({ key }) => key === anchor) <= rows.findIndex(({ key }) => key === focus);
  const [from, to] = isDown ? [0, last.childNodes.length] : [first.childNodes.length, 0];
  selection.setBaseAndExtent(first, from, last, to);
  return true;
}

/** Whether an element stands after a node, or around it. */
function isAfter(element: Element, node: Node | null): boolean {
  if (!node) return true;
  return element.contains(node) || (node.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}
