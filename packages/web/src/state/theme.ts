import { useSyncExternalStore } from 'react';
import { forget, readStored, store } from './storage.js';

/** The page's brightness: as on the device, or as the user chose. */
export const themes = ['system', 'light', 'dark'] as const;

export type Theme = (typeof themes)[number];

const STORED_AS = 'madang.theme';
const listeners = new Set<() => void>();

/** Applies the chosen theme to the page. */
export function showTheme(): void {
  const theme = readTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Chooses a theme and stores the choice. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') forget(STORED_AS);
  else store(STORED_AS, theme);
  showTheme();
  for (const listener of listeners) listener();
}

/** The chosen theme. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, readTheme);
}

function readTheme(): Theme {
  const stored = readStored(STORED_AS);
  return themes.find((theme) => theme === stored) ?? 'system';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
