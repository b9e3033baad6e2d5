import { useSyncExternalStore } from 'react';
import { Changes } from './changes.js';
import { readStored, store } from './storage.js';

const STORED_AS = 'madang.collapsed';
const changes = new Changes();

/** Whether a part of the list of rooms is collapsed on this device, and what changes that. */
export function useCollapsed(key: string): [isCollapsed: boolean, toggle: () => void] {
  const isCollapsed = useSyncExternalStore(changes.subscribe, () => read().includes(key));
  const toggle = () => {
    const others = read().filter((each) => each !== key);
    store(STORED_AS, (isCollapsed ? others : [...others, key]).join(' '));
    changes.tell();
  };
  return [isCollapsed, toggle];
}

function read(): string[] {
  return (readStored(STORED_AS) ?? '').split(' ');
}
