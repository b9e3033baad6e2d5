/**
 * A value that can be watched. `get()` gives the same reference until the value changes; both functions may be passed
 * on by themselves, as React's `useSyncExternalStore(value.subscribe, value.get)` does.
 */
export interface Observable<T> {
  get(): T;
  /** Calls `listener` after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** Calls every listener. One that throws doesn't keep the others from hearing: its error surfaces as uncaught. */
export function notify<A extends unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void {
  // A copy: who begins to listen now hears of the next change.
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

/** An observable that is set; listeners hear at once. */
export class Value<T> implements Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => subscribeTo(this.#listeners, listener);

  /** Sets the value; nobody hears when it is the same. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    notify(this.#listeners);
  }
}

/**
 * An observable that is computed from state elsewhere. After {@link invalidate} it is computed when next asked for, and
 * listeners hear once for all changes of one turn: a page of 200 events is one change.
 */
export class Derived<T> implements Observable<T> {
  readonly #compute: () => T;
  readonly #watched: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();
  #cached: { value: T } | undefined;
  #isNotifying = false;

  /** `watched` is called when a listener comes and there was none. */
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

  /** Says that what it is computed from has changed. */
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
  // A wrapper of its own, so that the same function may subscribe twice and leave once.
  const own = () => listener();
  listeners.add(own);
  return () => void listeners.delete(own);
}
