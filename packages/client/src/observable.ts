/**
 * An observable value. `get()` returns the same reference until the value changes. Both functions may be passed on
 * their own, as in React's `useSyncExternalStore(value.subscribe, value.get)`.
 */
export interface Observable<T> {
  readonly get: () => T;
  /** Calls `listener` after each change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Calls every listener. If one throws, the others are still called, and its error surfaces as uncaught. */
export function notify<A extends unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void {
  // A copy: listeners added now are called for the next change.
  for (const listener of Array.from(listeners)) {
    try {
      listener(...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** An observable that is set directly; listeners are called at once. */
export class Value<T> implements Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => subscribeTo(this.#listeners, listener);

  /** Sets the value; calls nobody if it is unchanged. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    notify(this.#listeners);
  }
}

/** Told when an observable begins or ceases to be watched. */
export interface Watching {
  /** The first listener was added. */
  began?(): void;
  /** The last listener was removed. */
  ended?(): void;
}

/**
 * An observable computed from state elsewhere. After {@link invalidate} it is recomputed on the next read, and
 * listeners are called once for all changes of one turn: a page of 200 events is one change. They aren't called if the
 * value is the same afterwards.
 */
export class Derived<T> implements Observable<T> {
  readonly #compute: (before: T | undefined) => T;
  readonly #watching: Watching;
  readonly #listeners = new Set<() => void>();
  #value: T | undefined;
  /** What listeners have been told of. */
  #told: T | undefined;
  #isFresh = false;
  #isNotifying = false;

  /** `compute` may return the value from before, if nothing in it has changed. */
  constructor(compute: (before: T | undefined) => T, watching: Watching = {}) {
    this.#compute = compute;
    this.#watching = watching;
  }

  readonly get = (): T => {
    if (!this.#isFresh) {
      this.#value = this.#compute(this.#value);
      this.#isFresh = true;
    }
    return this.#value as T;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    const isFirst = this.#listeners.size === 0;
    const unsubscribe = subscribeTo(this.#listeners, listener);
    if (isFirst) {
      this.#told = this.get();
      this.#watching.began?.();
    }
    return () => {
      const wasWatched = this.isWatched;
      unsubscribe();
      if (wasWatched && !this.isWatched) this.#watching.ended?.();
    };
  };

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** The state it is computed from has changed. */
  invalidate(): void {
    this.#isFresh = false;
    if (this.#isNotifying || !this.isWatched) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      const value = this.get();
      if (Object.is(value, this.#told)) return;
      this.#told = value;
      notify(this.#listeners);
    });
  }
}

/** `after`, or `before` if its entries are the same: so an unchanged list stays the same array. */
export function sameList<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  const isSame = before?.length === after.length && after.every((each, index) => Object.is(each, before[index]));
  return isSame ? before : after;
}

/** `after`, or `before` if all of its fields are the same. */
export function sameFields<T extends object>(before: T | undefined, after: T): T {
  if (!before) return after;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof T>;
  return [...names].every((name) => Object.is(before[name], after[name])) ? before : after;
}

function subscribeTo(listeners: Set<() => void>, listener: () => void): () => void {
  // A new wrapper, so that the same function can subscribe twice and be removed once.
  const own = () => listener();
  listeners.add(own);
  return () => void listeners.delete(own);
}
