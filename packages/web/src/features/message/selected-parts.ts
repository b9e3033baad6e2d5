import type { ViewMessage } from '@madang/client';
import type { Row } from './rows.js';

/** A message that is selected, and how much of its text. */
export interface SelectedPart {
  message: ViewMessage;
  /** The part that is selected, as it is shown; undefined for the whole text. */
  part: string | undefined;
}

/** A message's element; null while it is not in the page. */
export function articleOf(scroller: HTMLElement, key: string): HTMLElement | null {
  return scroller.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
}

/** The index of the row at a place in the page, such as an end of the selection; -1 outside the list. */
export function indexAt(scroller: HTMLElement, node: Node, offset: number): number {
  // A row that is gone leaves the selection between its neighbours.
  const isBetween = node === scroller.firstElementChild;
  const at = isBetween ? node.childNodes[Math.min(offset, node.childNodes.length - 1)] : node;
  const element = at instanceof Element ? at : at?.parentElement;
  const row = element?.closest<HTMLElement>('[data-index]');
  return row && scroller.contains(row) ? Number(row.dataset['index']) : -1;
}

/** What is in the page. */
export interface Page {
  /** Those of a render that is not committed yet have other indexes. */
  rows: readonly Row[];
  /** The texts of the messages at the ends of the selection, by their rows' keys, if anything of them is selected. */
  endTexts: ReadonlyMap<string, string>;
}

/** Reads {@link Page.endTexts}, whenever the selection changes. */
export function readEndTexts(scroller: HTMLElement, { rows, endTexts }: Page): Page['endTexts'] {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return new Map();
  const range = selection.getRangeAt(0);
  const { startContainer, startOffset, endContainer, endOffset } = range;
  const ends = [indexAt(scroller, startContainer, startOffset), indexAt(scroller, endContainer, endOffset)];
  return new Map(
    ends.flatMap((index): [string, string][] => {
      const row = rows[index];
      if (row?.kind !== 'message') return [];
      if (rangeOfText(range, articleOf(scroller, row.key))?.toString()) return [[row.key, row.message.text]];
      const text = endTexts.get(row.key);
      return text === undefined ? [] : [[row.key, text]];
    }),
  );
}

/**
 * The messages that are selected, in order, with those between that are not in the page. Undefined if the browser copies
 * best by itself: nothing of the list is selected, or only a part of one message's text.
 */
export function selectedParts(scroller: HTMLElement, { rows, endTexts }: Page): SelectedPart[] | undefined {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  const start = indexAt(scroller, range.startContainer, range.startOffset);
  const end = indexAt(scroller, range.endContainer, range.endOffset);
  // Neither end is in the list: the whole page is selected, or something else.
  if (start < 0 && end < 0) return undefined;
  const first = start < 0 ? 0 : start;
  const last = end < 0 ? rows.length - 1 : end;
  const parts = rows.slice(first, last + 1).flatMap((row, index): SelectedPart[] => {
    if (row.kind !== 'message') return [];
    const { key, message } = row;
    const at = first + index;
    if (at !== start && at !== end) return [{ message, part: undefined }];
    const part = selectedText(selection, range, articleOf(scroller, key));
    if (part !== '') return [{ message, part }];
    // An edit has put another text there, which the selection does not reach into.
    const before = endTexts.get(key);
    return before === undefined || before === message.text ? [] : [{ message, part: undefined }];
  });
  if (parts.length === 0 || (parts.length === 1 && parts[0]?.part !== undefined && isWithinText(range)))
    return undefined;
  return parts;
}

/** What is selected of a message's text: '' for nothing, undefined for all of it. */
function selectedText(selection: Selection, range: Range, article: HTMLElement | null): string | undefined {
  const text = article?.querySelector(TEXT);
  // A deleted message, or one being edited: there is no text to have a part of.
  if (!text) return undefined;
  const part = rangeOfText(range, article);
  if (!part) return '';
  if (part.toString().trim() === text.textContent.trim()) return undefined;
  return shownText(selection, part);
}

/** The part of a range that is in a message's text. */
function rangeOfText(range: Range, article: HTMLElement | null): Range | undefined {
  const text = article?.querySelector(TEXT);
  if (!text || !range.intersectsNode(text)) return undefined;
  const { startContainer, startOffset, endContainer, endOffset } = range;
  const part = document.createRange();
  part.selectNodeContents(text);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(startContainer, startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(endContainer, endOffset);
  return part;
}

/** A range as it is shown, with its line breaks: only a selection tells that. What is selected stays so. */
function shownText(selection: Selection, range: Range): string {
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
  selection.removeAllRanges();
  selection.addRange(range);
  const text = selection.toString();
  if (anchorNode && focusNode) selection.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset);
  return text;
}

const TEXT = '[data-testid="text"]';

function isWithinText({ commonAncestorContainer: node }: Range): boolean {
  return (node instanceof Element ? node : node.parentElement)?.closest(TEXT) != null;
}
