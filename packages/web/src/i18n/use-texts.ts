import i18next, { getFixedT, type i18n } from 'i18next';
import { useSyncExternalStore } from 'react';
import type { Translate } from './i18n.js';

export interface Texts {
  t: Translate;
  i18n: i18n;
}

let texts: Texts | undefined;
const listeners = new Set<() => void>();

/**
 * What `useTranslation` of react-i18next gives, for rows that come and go by the dozen while somebody scrolls: that one
 * copies all of i18next for each component.
 */
export function useTexts(): Texts {
  return useSyncExternalStore(subscribe, get);
}

function get(): Texts {
  if (!texts) {
    texts = { t: getFixedT(i18next.language), i18n: i18next };
    i18next.on('languageChanged', renew);
  }
  return texts;
}

function renew(): void {
  texts = { t: getFixedT(i18next.language), i18n: i18next };
  for (const listener of Array.from(listeners)) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
