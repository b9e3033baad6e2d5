import type { ErrorObject } from '@madang/protocol';
import type { DBSchema } from 'idb';
import { keptDatabase } from './kept-database.js';

/** A message to be sent. */
export interface OutboxEntry {
  /** The id of the user who is sending it. */
  user: string;
  /** Unique per author; those of one client sort by creation time. */
  clientId: string;
  room: string;
  text: string;
  /** When it was written, in ms since 1970. */
  at: number;
  /** Why the server finally refused it; absent while it is to be sent. */
  error?: ErrorObject;
}

/**
 * Where the outbox keeps its entries, so that they survive the page or the process. If a store fails, only that is
 * lost: the outbox continues with its entries in memory.
 */
export interface OutboxStore {
  /** A user's entries, oldest first. */
  load(user: string): Promise<OutboxEntry[]>;
  /** Whether an entry is still there: another tab may have sent or discarded it. */
  has(user: string, clientId: string): Promise<boolean>;
  /** Adds an entry or replaces it. */
  put(entry: OutboxEntry): Promise<void>;
  /** Removes an entry. No error if it isn't there. */
  remove(user: string, clientId: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Keeps entries as long as the process lives. Another client given the same store continues with them. */
export function memoryOutboxStore(): OutboxStore {
  const entries = new Map<string, OutboxEntry>();
  return {
    load: (user) => Promise.resolve([...entries.values()].filter((entry) => entry.user === user).sort(byClientId)),
    has: (user, clientId) => Promise.resolve(entries.has(keyOf(user, clientId))),
    put: (entry) => Promise.resolve(void entries.set(keyOf(entry.user, entry.clientId), { ...entry })),
    remove: (user, clientId) => Promise.resolve(void entries.delete(keyOf(user, clientId))),
    close: () => Promise.resolve(),
  };
}

interface OutboxSchema extends DBSchema {
  entries: { key: [string, string]; value: OutboxEntry };
}

/** Keeps entries in IndexedDB: across reloads, and shared by all tabs that use the same `name`. */
export function indexedDbOutboxStore(name = 'madang-outbox'): OutboxStore {
  const database = keptDatabase<OutboxSchema>(
    name,
    (upgraded) => void upgraded.createObjectStore('entries', { keyPath: ['user', 'clientId'] }),
  );

  return {
    load: async (user) => (await database.open()).getAll('entries', IDBKeyRange.bound([user], [user, []])),
    has: async (user, clientId) => (await (await database.open()).count('entries', [user, clientId])) > 0,
    put: async (entry) => void (await (await database.open()).put('entries', entry)),
    remove: async (user, clientId) => (await database.open()).delete('entries', [user, clientId]),
    close: database.close,
  };
}

function keyOf(user: string, clientId: string): string {
  return JSON.stringify([user, clientId]);
}

function byClientId(a: OutboxEntry, b: OutboxEntry): number {
  return a.clientId < b.clientId ? -1 : 1;
}
