/**
 * An observable value. `get()` returns the same reference until the value changes. Both functions may be passed on
 * their own, as in React's `useSyncExternalStore(value.subscribe, value.get)`.
 */
export interface Observable<T> {
  get(): T;
  /** Calls `listener` after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
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

/**
 * An observable computed from state elsewhere. After {@link invalidate} it is recomputed on the next read, and
 * listeners are called once for all changes of one turn: a page of 200 events is one change.
 */
export class Derived<T> implements Observable<T> {
  readonly #compute: () => T;
  readonly #watched: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();
  #cached: { value: T } | undefined;
  #isNotifying = false;

  /** `watched` is called when the first listener is added. */
  constructor(compute: () => T, watched?: () => void) {
    this.#compute = compute;
    this.#watched = watched;
  }

  readonly get = (): T => {
    this.#cached ??= { value: this.#compute() };
    return this.#cached.value;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    const isFirst = this.#listeners.size === 0;
    const unsubscribe = subscribeTo(this.#listeners, listener);
    if (isFirst) this.#watched?.();
    return unsubscribe;
  };

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** The state it is computed from has changed. */
  invalidate(): void {
    this.#cached = undefined;
    if (this.#isNotifying || !this.isWatched) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      notify(this.#listeners);
    });
  }
}

function subscribeTo(listeners: Set<() => void>, listener: () => void): () => void {
  // A new wrapper, so that the same function can subscribe twice and be removed once.
  const own = () => listener();
  listeners.add(own);
  return () => void listeners.delete(own);
}
