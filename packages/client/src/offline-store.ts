import type { Message, Room, Section, SessionAbilities, User } from '@madang/protocol';
import type { DBSchema } from 'idb';
import { keptDatabase } from './kept-database.js';

/** Whose rooms are kept, and of which history of the server. */
export interface OfflineSession {
  user: User;
  can: SessionAbilities;
  /** Absent in what earlier versions have kept. */
  sections?: readonly Section[];
  epoch: string;
}

/** A message, and up to which seqs it reflects the log. */
export interface OfflineMessage {
  message: Message;
  asOf: number;
  reactionsAsOf: number;
}

/** The end of a room's messages, or the part of them that was read last. */
export interface OfflineList {
  room: string;
  /** Everything up to this seq is reflected. */
  applied: number;
  /** Oldest first, without gaps. */
  messages: readonly OfflineMessage[];
  hasOlder: boolean;
  hasNewer: boolean;
  /** Messages up to this seq are no longer kept by the server. */
  logStart: number;
  /** When it was kept, in ms since 1970. */
  at: number;
}

/** What is kept of one user. */
export interface OfflineState {
  session: OfflineSession;
  rooms: Room[];
  lists: OfflineList[];
}

/** What has changed since the last save. */
export interface OfflineChanges {
  rooms: Room[];
  lists: OfflineList[];
  /** Rooms that the user is no longer in. */
  removed: string[];
}

/**
 * Where a client keeps what it shows without a connection: the rooms of one user, the last one who was signed in. If a
 * store fails, only that is lost.
 */
export interface OfflineStore {
  /** What is kept; undefined if nothing is. */
  load(): Promise<OfflineState | undefined>;
  /** A session has begun: forgets everything of other users and histories, and of all other rooms. */
  begin(session: OfflineSession, rooms: readonly string[]): Promise<void>;
  /** Saves changes, unless the kept session is another user's, or has been forgotten, as by another tab. */
  save(user: string, changes: OfflineChanges): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Rooms whose messages are kept: those that were used last. */
const MAX_LISTS = 30;

interface OfflineSchema extends DBSchema {
  session: { key: 'session'; value: OfflineSession };
  rooms: { key: string; value: Room };
  lists: { key: string; value: OfflineList; indexes: { at: number } };
}

const STORES = ['session', 'rooms', 'lists'] as const;

/** Keeps it in IndexedDB, shared by all tabs that use the same `name`. */
export function indexedDbOfflineStore(name = 'madang-offline'): OfflineStore {
  const database = keptDatabase<OfflineSchema>(name, (upgraded) => {
    upgraded.createObjectStore('session');
    upgraded.createObjectStore('rooms', { keyPath: 'id' });
    upgraded.createObjectStore('lists', { keyPath: 'room' }).createIndex('at', 'at');
  });

  return {
    load: async () => {
      const transaction = (await database.open()).transaction(STORES);
      const [session, rooms, lists] = await Promise.all([
        transaction.objectStore('session').get('session'),
        transaction.objectStore('rooms').getAll(),
        transaction.objectStore('lists').getAll(),
      ]);
      return session && { session, rooms, lists };
    },
    begin: async (session, rooms) => {
      const transaction = (await database.open()).transaction(STORES, 'readwrite');
      const sessions = transaction.objectStore('session');
      const known = await sessions.get('session');
      const isSame = known?.user.id === session.user.id && known.epoch === session.epoch;
      const stays = new Set(isSame ? rooms : []);
      for (const store of [transaction.objectStore('rooms'), transaction.objectStore('lists')]) {
        for (const key of await store.getAllKeys()) if (!stays.has(key)) await store.delete(key);
      }
      await sessions.put(session, 'session');
      await transaction.done;
    },
    save: async (user, { rooms, lists, removed }) => {
      const transaction = (await database.open()).transaction(STORES, 'readwrite');
      const known = await transaction.objectStore('session').get('session');
      if (known?.user.id === user) {
        const roomStore = transaction.objectStore('rooms');
        const listStore = transaction.objectStore('lists');
        for (const room of rooms) await roomStore.put(room);
        for (const list of lists) await listStore.put(list);
        for (const room of removed) await Promise.all([roomStore.delete(room), listStore.delete(room)]);
        const oldest = await listStore.index('at').getAllKeys();
        for (const room of oldest.slice(0, -MAX_LISTS)) await listStore.delete(room);
      }
      await transaction.done;
    },
    clear: async () => {
      const transaction = (await database.open()).transaction(STORES, 'readwrite');
      await Promise.all(STORES.map((each) => transaction.objectStore(each).clear()));
      await transaction.done;
    },
    close: database.close,
  };
}
