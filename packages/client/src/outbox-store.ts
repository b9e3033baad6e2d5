import type { ErrorObject } from '@madang/protocol';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

/** A message that is to be sent. */
export interface OutboxEntry {
  /** The id of the user who sends it. */
  user: string;
  /** Unique for its author; those of one client sort by the time they were made. */
  clientId: string;
  room: string;
  text: string;
  /** When it was written, in ms since 1970. */
  at: number;
  /** Why the server refused it for good; absent while it is to be sent. */
  error?: ErrorObject;
}

/**
 * Where the outbox keeps its entries, so that they outlive the page or the process. A store that fails loses only that:
 * the outbox goes on with what it has in memory.
 */
export interface OutboxStore {
  /** A user's entries, oldest first. */
  load(user: string): Promise<OutboxEntry[]>;
  /** Whether an entry is there: another tab may have sent it, or thrown it away. */
  has(user: string, clientId: string): Promise<boolean>;
  /** Adds an entry or replaces it. */
  put(entry: OutboxEntry): Promise<void>;
  /** Takes an entry out; one that isn't there is no error. */
  remove(user: string, clientId: string): Promise<void>;
  /** Safe twice. */
  close(): Promise<void>;
}

/** Keeps entries as long as the process lives; given to another client it goes on with them. */
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

/** Keeps entries in IndexedDB: over a reload, and shared by all tabs that use the same `name`. */
export function indexedDbOutboxStore(name = 'madang-outbox'): OutboxStore {
  let opened: Promise<IDBPDatabase<OutboxSchema>> | undefined;

  function database(): Promise<IDBPDatabase<OutboxSchema>> {
    opened ??= openDB<OutboxSchema>(name, 1, {
      upgrade: (upgraded) => void upgraded.createObjectStore('entries', { keyPath: ['user', 'clientId'] }),
      // Another tab wants to delete the database or brings a newer version: let it.
      blocking: () => void close(),
      terminated: () => (opened = undefined),
    });
    // One that could not be opened is tried again: it may have been full, or blocked, for a moment.
    const opening = opened;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  }

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    (await closing)?.close();
  }

  return {
    load: async (user) => (await database()).getAll('entries', IDBKeyRange.bound([user], [user, []])),
    has: async (user, clientId) => (await (await database()).count('entries', [user, clientId])) > 0,
    put: async (entry) => void (await (await database()).put('entries', entry)),
    remove: async (user, clientId) => (await database()).delete('entries', [user, clientId]),
    close,
  };
}

function keyOf(user: string, clientId: string): string {
  return JSON.stringify([user, clientId]);
}

function byClientId(a: OutboxEntry, b: OutboxEntry): number {
  return a.clientId < b.clientId ? -1 : 1;
}
