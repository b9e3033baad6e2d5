import { Timers } from './timers.js';

/** A page that has been hidden for this long is away, in ms. */
const HIDDEN_MS = 60_000;

/** A user without any input for this long is away, in ms. */
const IDLE_MS = 5 * 60_000;

const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];

/** Reports whether the user at this page is active. Outside browsers they always are. */
export class AwayWatch {
  readonly #changed: (isAway: boolean) => void;
  readonly #timers = new Timers();
  readonly #ended = new AbortController();
  #isAway = false;
  /** By the clock that nobody can set. */
  #lastInput = performance.now();
  #cancelIdle: (() => void) | undefined;
  #cancelHidden: (() => void) | undefined;

  constructor(changed: (isAway: boolean) => void) {
    this.#changed = changed;
    if (typeof document === 'undefined') return;
    const options = { signal: this.#ended.signal, passive: true, capture: true };
    for (const input of INPUTS) document.addEventListener(input, () => this.#here(), options);
    document.addEventListener('visibilitychange', () => this.#visibilityChanged(), options);
    this.#visibilityChanged();
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** What to tell the server. */
  get presence(): 'online' | 'away' {
    return this.#isAway ? 'away' : 'online';
  }

  /** Stops watching. May be called twice. */
  close(): void {
    this.#ended.abort();
    this.#timers.close();
  }

  #visibilityChanged(): void {
    this.#cancelHidden?.();
    if (document.hidden) this.#cancelHidden = this.#timers.after(HIDDEN_MS, () => this.#set(true));
    else this.#here();
  }

  #here(): void {
    if (document.hidden) return;
    this.#lastInput = performance.now();
    // Moving the pointer does not restart the timer: when it ends, it checks how long there was no input.
    if (this.#isAway || !this.#cancelIdle) this.#watchIdle(IDLE_MS);
    this.#set(false);
  }

  #watchIdle(ms: number): void {
    this.#cancelIdle?.();
    this.#cancelIdle = this.#timers.after(ms, () => {
      const leftMs = this.#lastInput + IDLE_MS - performance.now();
      if (leftMs > 0) this.#watchIdle(leftMs);
      else this.#set(true);
    });
  }

  #set(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#changed(isAway);
  }
}
