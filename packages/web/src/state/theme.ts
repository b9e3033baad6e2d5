import { useSyncExternalStore } from 'react';
import { Changes } from './changes.js';
import { forget, onChangedElsewhere, readStored, store } from './storage.js';

/** The page's looks: as on the device, or as the user chose. High contrast is light or dark as the device is. */
export const themes = ['system', 'light', 'dark', 'contrast'] as const;

export type Theme = (typeof themes)[number];

const STORED_AS = 'madang.theme';
const changes = new Changes();

let deviceContrast: MediaQueryList | undefined;

/** Applies the chosen theme to the page, and follows the device's contrast and a choice in another tab. */
export function showTheme(): void {
  deviceContrast ??= watch();
  const theme = readTheme();
  const { dataset } = document.documentElement;
  if (theme === 'light' || theme === 'dark') dataset['theme'] = theme;
  else delete dataset['theme'];
  if (theme === 'contrast' || deviceContrast.matches) dataset['contrast'] = 'more';
  else delete dataset['contrast'];
}

function watch(): MediaQueryList {
  const contrast = matchMedia('(prefers-contrast: more)');
  contrast.addEventListener('change', showTheme);
  onChangedElsewhere(STORED_AS, changed);
  return contrast;
}

/** Chooses a theme and stores the choice. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') forget(STORED_AS);
  else store(STORED_AS, theme);
  changed();
}

function changed(): void {
  showTheme();
  changes.tell();
}

/** The chosen theme. */
export function useTheme(): Theme {
  return useSyncExternalStore(changes.subscribe, readTheme);
}

function readTheme(): Theme {
  const stored = readStored(STORED_AS);
  return themes.find((theme) => theme === stored) ?? 'system';
}
