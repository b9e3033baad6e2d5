import { isBlank } from '@madang/protocol';
import { type RefObject, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { useClient, useUser } from './client-provider.js';
import { usePage } from './page.js';
import type { Unsent } from './page-owner.js';
import { type Place, placeKey, type UnsentText } from './unsent-text.js';

/** The unsent text at a place, as it is now. */
export function useUnsentAt(place: Place | undefined): UnsentText | undefined {
  const { unsent } = usePage();
  return useSyncExternalStore(unsent.subscribe, () => place && unsent.at(place));
}

/** The user's composer in a room, or the editor of a message there. */
export function usePlace(room: string, message?: string): Place {
  const { id: user } = useUser();
  return { user, room, ...(message !== undefined && { message }) };
}

/** The ids of the messages with an unsaved edit; with `isOpen`, only those whose editor is open. Not changed by typing. */
export function useEdits({ isOpen }: { isOpen: boolean }): readonly string[] {
  const { unsent } = usePage();
  const ids = useSyncExternalStore(unsent.subscribe, () =>
    unsent
      .all()
      .flatMap(({ edit }) => (edit && !(isOpen && edit.isAside) ? [edit.message] : []))
      .sort()
      .join(' '),
  );
  return useMemo(() => (ids === '' ? [] : ids.split(' ')), [ids]);
}

/** Everything that the user has not sent: drafts, edits, and messages that wait or were refused. */
export function useUnsent(): readonly Unsent[] {
  const { owner } = usePage();
  return useSyncExternalStore(owner.subscribe, owner.unsent);
}

/** How much the user has not sent. */
export function useUnsentCount(): number {
  const { owner } = usePage();
  return useSyncExternalStore(owner.subscribe, () => owner.unsent().length);
}

/** Whether the user has written something in a room that they have not sent. */
export function useHasUnsent(room: string): boolean {
  const { unsent } = usePage();
  return useSyncExternalStore(unsent.subscribe, () =>
    unsent.all().some((text) => text.room === room && !isBlank(text.text)),
  );
}

/** Whether a message of the user in a room was finally refused. */
export function useHasRefused(room: string): boolean {
  const { unsent } = useClient();
  return useSyncExternalStore(unsent.subscribe, () =>
    unsent.get().some((entry) => entry.room === room && entry.error !== undefined),
  );
}

/**
 * For a text field at a place: while a composition is in progress, other tabs change nothing there. Returns whether all of
 * the field's text was selected before its last change.
 */
export function useUnsentField(field: RefObject<HTMLTextAreaElement | null>, place: Place): () => boolean {
  const { unsent } = usePage();
  const wasAllSelected = useRef(false);
  const key = placeKey(place);
  useEffect(() => {
    const element = field.current;
    if (!element) return undefined;
    const ended = new AbortController();
    const { signal } = ended;
    let isComposing = false;
    const onStart = () => {
      isComposing = true;
      unsent.hold(place);
    };
    const onEnd = () => {
      isComposing = false;
      // Some browsers report the composed text only afterwards, and the next syllable may have begun by then.
      setTimeout(() => isComposing || unsent.release(place));
    };
    element.addEventListener('compositionstart', onStart, { signal });
    element.addEventListener('compositionend', onEnd, { signal });
    const onBeforeInput = () => {
      const { selectionStart, selectionEnd, value } = element;
      wasAllSelected.current = value !== '' && selectionStart === 0 && selectionEnd === value.length;
    };
    element.addEventListener('beforeinput', onBeforeInput, { signal });
    return () => {
      ended.abort();
      unsent.release(place);
    };
    // oxlint-disable-next-line react/exhaustive-deps -- the key stands for the place
  }, [unsent, field, key]);
  return () => wasAllSelected.current;
}
