import i18next from 'i18next';
import en from './later.en.json';
import ko from './later.ko.json';

/**
 * Adds the texts that the first screen does not need, in their own script. All dialogs have them; another part that needs
 * them calls it when it is loaded.
 */
export function addLaterTexts(): void {
  i18next.addResourceBundle('en', 'web', en, true);
  i18next.addResourceBundle('ko', 'web', ko, true);
}
