/** Those who want to know when something changes, as React's `useSyncExternalStore` does. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Says that something has changed. */
  readonly tell = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
