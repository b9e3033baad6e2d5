/** Timers that belong to one owner and end with it. */
export class Timers {
  readonly #running = new Set<ReturnType<typeof setTimeout>>();
  #isClosed = false;

  /** Calls `run` once after `ms`, unless the returned function is called or the owner closes first. */
  after(ms: number, run: () => void): () => void {
    if (this.#isClosed) return () => {};
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      run();
    }, ms);
    this.#running.add(timer);
    return () => {
      this.#running.delete(timer);
      clearTimeout(timer);
    };
  }

  /** Awaits a promise for at most `ms` milliseconds; throws `late()` if it takes longer. */
  async within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
    let cancel: (() => void) | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      cancel = this.after(ms, () => reject(late()));
    });
    return Promise.race([promise, tooLate]).finally(cancel);
  }

  /** Stops all timers; none can be started afterwards. May be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
