import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

/** A database of IndexedDB that is opened when it is first needed, and again after it was closed by the browser. */
export interface KeptDatabase<Schema extends DBSchema> {
  /** Rejects if it can't be opened; the next call tries again: it may have been full, or blocked, for a moment. */
  open: () => Promise<IDBPDatabase<Schema>>;
  /** May be called twice. */
  close: () => Promise<void>;
}

/** `upgrade` makes the object stores of a new database. */
export function keptDatabase<Schema extends DBSchema>(
  name: string,
  upgrade: (database: IDBPDatabase<Schema>) => void,
): KeptDatabase<Schema> {
  let opened: Promise<IDBPDatabase<Schema>> | undefined;

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    (await closing)?.close();
  }

  return {
    open: () => {
      opened ??= openDB<Schema>(name, 1, {
        upgrade,
        // Another tab wants to delete the database, or has a newer version of it: don't block it.
        blocking: () => void close(),
        terminated: () => (opened = undefined),
      });
      const opening = opened;
      opening.catch(() => {
        if (opened === opening) opened = undefined;
      });
      return opening;
    },
    close,
  };
}
