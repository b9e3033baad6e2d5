import type { Virtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, type KeyboardEvent, type RefObject, useState } from 'react';
import { isShortcut } from '../../ui/shortcuts.js';
import type { Row } from './rows.js';

export interface RowKeysInput {
  rows: readonly Row[];
  list: Virtualizer<HTMLDivElement, HTMLElement>;
  scroller: RefObject<HTMLDivElement | null>;
  onEdit: (key: string) => void;
  onLeave: () => void;
}

/**
 * Arrow keys move between messages, one of which is the Tab stop; `e` edits a message if the user may; Escape returns to
 * the composer.
 */
export function useRowKeys({ rows, list, scroller, onEdit, onLeave }: RowKeysInput) {
  const [current, setCurrent] = useState<string>();
  const shown = list
    .getVirtualItems()
    .map((item) => rows[item.index])
    .filter((row) => row?.kind === 'message');
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
    if (key === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = rows.findIndex((row) => row.key === key);
    const target = targetOf(event.key, index, rows);
    if (target !== undefined) {
      event.preventDefault();
      focusRow(target);
    } else if (isShortcut(event.nativeEvent, 'edit')) {
      const row = rows[index];
      if (row?.kind !== 'message' || !row.message.can?.edit) return;
      event.preventDefault();
      onEdit(key);
    }
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
