import type { Virtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, type KeyboardEvent, type RefObject, useState } from 'react';
import { isShortcut, takesText } from '../../ui/shortcuts.js';
import type { Row } from './rows.js';
import type { MessageSelection } from './use-selection.js';

export interface RowKeysInput {
  rows: readonly Row[];
  list: Virtualizer<HTMLDivElement, HTMLElement>;
  scroller: RefObject<HTMLDivElement | null>;
  selection: MessageSelection;
  onEdit: (key: string) => void;
  onLeave: () => void;
}

/**
 * Arrow keys move between messages, one of which is the Tab stop; with Shift they and the page keys select; Ctrl+A selects
 * all messages that are loaded; `e` edits a message if the user may; Escape returns to the composer.
 */
export function useRowKeys({ rows, list, scroller, selection, onEdit, onLeave }: RowKeysInput) {
  const [current, setCurrent] = useState<string>();
  const { startIndex = 0, endIndex = 0 } = list.range ?? {};
  const shown = rows.slice(startIndex, endIndex + 1).filter(isMessage);
  const tabStop = shown.some((row) => row?.key === current) ? current : shown.at(-1)?.key;

  const focusRow = (index: number, align: 'auto' | 'center' = 'auto') => {
    const row = rows[index];
    if (row?.kind !== 'message') return;
    setCurrent(row.key);
    list.scrollToIndex(index, { align });
    focusWhenThere(scroller, row.key);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const article = event.target as HTMLElement;
    const key = article.dataset['message'];
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.preventDefault();
      onLeave();
      return;
    }
    if (isShortcut(event.nativeEvent, 'selectAll') && !takesText(article)) {
      event.preventDefault();
      selection.select(rows.findIndex(isMessage), rows.findLastIndex(isMessage));
      return;
    }
    if (key === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = rows.findIndex((row) => row.key === key);
    const target = (event.shiftKey ? pageOf(event.key, index) : undefined) ?? targetOf(event.key, index, rows);
    if (target !== undefined) {
      // Within a text that was selected with the mouse, the browser moves the end by lines.
      if (event.shiftKey && event.key.startsWith('Arrow') && isTextSelected()) return;
      event.preventDefault();
      if (event.shiftKey) selection.extend(index, target);
      focusRow(target);
    } else if (isShortcut(event.nativeEvent, 'edit')) {
      const row = rows[index];
      if (row?.kind !== 'message' || !row.message.can?.edit) return;
      event.preventDefault();
      onEdit(key);
    }
  };

  /** The message one page above or below another. */
  const pageOf = (key: string, index: number): number | undefined => {
    const by = key === 'PageUp' ? -1 : key === 'PageDown' ? 1 : 0;
    const start = list.measurementsCache[index]?.start;
    const height = scroller.current?.clientHeight;
    if (by === 0 || start === undefined || height === undefined) return undefined;
    const target = list.getVirtualItemForOffset(Math.max(0, start + by * height))?.index ?? index;
    return by < 0
      ? found(rows.findIndex((row, at) => at >= target && isMessage(row)))
      : found(rows.findLastIndex((row, at) => at <= target && isMessage(row)));
  };

  const onFocus = (event: FocusEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>('[data-message]')?.dataset['message'];
    if (key !== undefined) setCurrent(key);
  };

  return { tabStop, onKeyDown, onFocus, focusRow };
}

function targetOf(key: string, index: number, rows: readonly Row[]): number | undefined {
  switch (key) {
    case 'ArrowUp':
      return found(rows.slice(0, Math.max(0, index)).findLastIndex(isMessage));
    case 'ArrowDown': {
      const offset = rows.slice(index + 1).findIndex(isMessage);
      return offset < 0 ? undefined : index + 1 + offset;
    }
    case 'Home':
      return found(rows.findIndex(isMessage));
    case 'End':
      return found(rows.findLastIndex(isMessage));
    default:
      return undefined;
  }
}

/** Whether something is selected, other than whole messages. */
function isTextSelected(): boolean {
  const { isCollapsed = true, anchorNode = null } = getSelection() ?? {};
  return !isCollapsed && !(anchorNode instanceof HTMLElement && 'message' in anchorNode.dataset);
}

function isMessage(row: Row): boolean {
  return row.kind === 'message';
}

function found(at: number): number | undefined {
  return at < 0 ? undefined : at;
}

/** A row that was out of sight is in the page only a few frames after the list was told to scroll there. */
function focusWhenThere(scroller: RefObject<HTMLDivElement | null>, key: string, framesLeft = 10): void {
  const row = scroller.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
  if (row) row.focus({ preventScroll: true });
  else if (framesLeft > 0) requestAnimationFrame(() => focusWhenThere(scroller, key, framesLeft - 1));
}
