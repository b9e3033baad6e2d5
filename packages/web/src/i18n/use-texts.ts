import i18next, { getFixedT, type i18n } from 'i18next';
import { useSyncExternalStore } from 'react';
import { Changes } from '../state/changes.js';
import type { Translate } from './i18n.js';

export interface Texts {
  t: Translate;
  i18n: i18n;
}

let texts: Texts | undefined;
const changes = new Changes();

/**
 * The texts of the page's language; the component is rendered again in another one. Not react-i18next's hook, which copies
 * all of i18next for each component: rows come and go by the dozen while somebody scrolls.
 */
export function useTexts(): Texts {
  return useSyncExternalStore(changes.subscribe, get);
}

function get(): Texts {
  if (!texts) {
    texts = textsNow();
    i18next.on('languageChanged', () => {
      texts = textsNow();
      changes.tell();
    });
  }
  return texts;
}

function textsNow(): Texts {
  return { t: getFixedT(i18next.language), i18n: i18next };
}
