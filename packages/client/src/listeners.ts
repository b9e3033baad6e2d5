import type { Heard, HeardName } from './client.js';
import { isSignalName } from './incoming.js';
import { notify } from './observable.js';

/** The listeners, by name. */
export class Listeners {
  readonly #byName = new Map<string, Set<(event: never) => void>>();

  /** Whether there is a listener for any event. */
  get hearEvents(): boolean {
    return [...this.#byName].some(([name, { size }]) => size > 0 && name !== 'cursor.reset' && !isSignalName(name));
  }

  /** Adds a listener until the returned function is called. */
  add<N extends HeardName>(name: N, listener: (event: Heard<N>) => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners);
    const own = (event: Heard<N>) => listener(event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** Calls all listeners of an event or a signal. */
  emit(heard: { type: string }): void {
    const listeners = this.#byName.get(heard.type);
    if (listeners) notify(listeners as Set<(event: unknown) => void>, heard);
  }
}
