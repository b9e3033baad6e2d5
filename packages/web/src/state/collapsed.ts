import { useSyncExternalStore } from 'react';
import { readStored, store } from './storage.js';

const STORED_AS = 'madang.collapsed';
const listeners = new Set<() => void>();

/** Whether a part of the list of rooms is collapsed on this device, and what changes that. */
export function useCollapsed(key: string): [isCollapsed: boolean, toggle: () => void] {
  const isCollapsed = useSyncExternalStore(subscribe, () => read().includes(key));
  const toggle = () => {
    const others = read().filter((each) => each !== key);
    store(STORED_AS, (isCollapsed ? others : [...others, key]).join(' '));
    for (const listener of listeners) listener();
  };
  return [isCollapsed, toggle];
}

function read(): string[] {
  return (readStored(STORED_AS) ?? '').split(' ');
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
