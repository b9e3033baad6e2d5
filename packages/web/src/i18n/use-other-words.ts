import type { ParseKeys } from 'i18next';
import { languageOf, type Translate } from './i18n.js';
import { useTexts } from './use-texts.js';

/** By what else something is found: its name in the other language, and the words of both languages, with commas between. */
export function useOtherWords(): (name: (t: Translate) => string, words: ParseKeys | undefined) => string {
  const { t, i18n } = useTexts();
  const other = i18n.getFixedT(languageOf(i18n) === 'ko' ? 'en' : 'ko');
  return (name, words) => [name(other), ...(words ? [t(words), other(words)] : [])].join();
}
