import { useSyncExternalStore } from 'react';
import { forget, readStored, store } from './storage.js';

/** How bright the page is: as the device says, or as the person chose. */
export type Theme = 'system' | 'light' | 'dark';

const STORED_AS = 'madang.theme';
const listeners = new Set<() => void>();

/** Puts the chosen brightness on the page. */
export function showTheme(): void {
  const theme = readTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Chooses a brightness and keeps the choice. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') forget(STORED_AS);
  else store(STORED_AS, theme);
  showTheme();
  for (const listener of listeners) listener();
}

/** The chosen brightness. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, readTheme);
}

function readTheme(): Theme {
  const stored = readStored(STORED_AS);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
