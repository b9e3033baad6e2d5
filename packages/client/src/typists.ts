import type { UserRef } from '@madang/protocol';
import { Timers } from './timers.js';

/** Who types in one room. Each expires by itself. */
export class Typists {
  readonly #changed: () => void;
  readonly #timers = new Timers();
  readonly #typists = new Map<string, { user: UserRef; cancel: () => void }>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Who types, the first first. */
  users(): readonly UserRef[] {
    return Array.from(this.#typists.values(), ({ user }) => user);
  }

  /** Somebody types, for so many ms unless it is said again. */
  add(user: UserRef, expiresMs: number): void {
    const known = this.#typists.get(user.id);
    known?.cancel();
    const cancel = this.#timers.after(expiresMs, () => this.remove(user.id));
    this.#typists.set(user.id, { user, cancel });
    if (!known) this.#changed();
  }

  /** Somebody has sent what they typed, or has left. */
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

  /** Ends all timers. Safe twice. */
  close(): void {
    this.#timers.close();
  }
}
