import type { EventName, SignalName } from '@madang/protocol';
import type { Heard } from './client.js';
import { isSignalName } from './incoming.js';
import { notify } from './observable.js';

/** Who hears which events and signals. */
export class Listeners {
  readonly #byName = new Map<string, Set<(event: never) => void>>();

  /** Whether anybody hears an event of any name. */
  get hearEvents(): boolean {
    return [...this.#byName].some(([name, listeners]) => !isSignalName(name) && listeners.size > 0);
  }

  /** Adds a listener until the returned function is called. */
  add<N extends EventName | SignalName>(name: N, listener: (event: Heard<N>) => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners);
    const own = (event: Heard<N>) => listener(event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** Tells all listeners of an event or a signal. */
  emit(heard: { type: string }): void {
    const listeners = this.#byName.get(heard.type);
    if (listeners) notify(listeners as Set<(event: unknown) => void>, heard);
  }
}
