import i18next, { changeLanguage, init, type TFunction } from 'i18next';
import type { Language } from '@madang/protocol';
import { onChangedElsewhere, readStored, store } from '../state/storage.js';
import en from './en.json';
import ko from './ko.json';
import type later from './later.en.json';

const STORED_AS = 'madang.language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'web';
    resources: { web: typeof en & typeof later };
  }
}

/** The languages, by their own names. */
export const ownLanguages: readonly { value: Language; label: string; lang: string }[] = [
  { value: 'ko', label: '한국어', lang: 'ko' },
  { value: 'en', label: 'English', lang: 'en' },
];

/** Loads the texts in the language chosen before, or else in the browser's, and follows a choice in another tab. */
export async function startI18n(): Promise<void> {
  await init({
    lng: language(),
    fallbackLng: 'en',
    ns: ['web'],
    defaultNS: 'web',
    resources: { en: { web: en }, ko: { web: ko } },
    interpolation: { escapeValue: false },
  });
  showLanguage();
  onChangedElsewhere(STORED_AS, () => void show(language()));
}

/** Changes the language and stores the choice. */
export async function setLanguage(chosen: Language): Promise<void> {
  store(STORED_AS, chosen);
  await show(chosen);
}

/** The language of `t`, for `Intl`. */
export function languageOf(i18n: { resolvedLanguage?: string | undefined }): Language {
  return i18n.resolvedLanguage === 'ko' ? 'ko' : 'en';
}

/** The type of `t`, for functions that receive it. */
export type Translate = TFunction;

async function show(shown: Language): Promise<void> {
  if (i18next.resolvedLanguage === shown) return;
  await changeLanguage(shown);
  showLanguage();
}

function showLanguage(): void {
  document.documentElement.lang = i18next.resolvedLanguage ?? 'en';
  // The name under which the browser installs the page.
  const manifest = i18next.resolvedLanguage === 'ko' ? './manifest.webmanifest' : './manifest.en.webmanifest';
  document.querySelector('link[rel="manifest"]')?.setAttribute('href', manifest);
}

function language(): Language {
  const stored = readStored(STORED_AS);
  return stored === 'ko' || stored === 'en' ? stored : browserLanguage();
}

function browserLanguage(): Language {
  // An extension against fingerprinting may take the list away.
  const languages = navigator.languages ?? [navigator.language ?? ''];
  const first = languages.find((each) => /^(ko|en)\b/i.test(each));
  return first?.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}
