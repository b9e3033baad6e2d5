import type { UserRef } from '@madang/protocol';
import { Timers } from './timers.js';

/** The users typing in one room. Each expires on its own. */
export class Typists {
  readonly #changed: () => void;
  readonly #timers = new Timers();
  readonly #typists = new Map<string, { user: UserRef; cancel: () => void }>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The users typing, in the order they began. */
  users(): readonly UserRef[] {
    return Array.from(this.#typists.values(), ({ user }) => user);
  }

  /** A user is typing, for `expiresMs` unless it is renewed. */
  add(user: UserRef, expiresMs: number): void {
    const known = this.#typists.get(user.id);
    known?.cancel();
    const cancel = this.#timers.after(expiresMs, () => this.remove(user.id));
    this.#typists.set(user.id, { user, cancel });
    if (!known) this.#changed();
  }

  /** A user has sent what they typed, or has left. */
  remove(id: string): void {
    const typist = this.#typists.get(id);
    if (!typist) return;
    typist.cancel();
    this.#typists.delete(id);
    this.#changed();
  }

  clear(): void {
    for (const id of this.#typists.keys()) this.remove(id);
  }

  /** Stops all timers. May be called twice. */
  close(): void {
    this.#timers.close();
  }
}
