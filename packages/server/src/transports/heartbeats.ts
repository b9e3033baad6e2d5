/** How many parts a transport's connections are divided into. */
const PARTS = 50;

/**
 * Pings connections in turn: each once in `everyMs`, one part of them at a time, so that a hundred thousand are not
 * pinged at once.
 */
export class Heartbeats<Item extends { part: number }> {
  readonly #parts: Set<Item>[] = Array.from({ length: PARTS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #newest = 0;
  #next = 0;

  constructor(everyMs: number, ask: (item: Item) => void) {
    this.#timer = setInterval(() => {
      this.#next = (this.#next + 1) % PARTS;
      for (const item of this.#parts[this.#next] ?? []) ask(item);
    }, everyMs / PARTS);
    this.#timer.unref();
  }

  add(item: Item): void {
    this.#newest = (this.#newest + 1) % PARTS;
    item.part = this.#newest;
    this.#parts[item.part]?.add(item);
  }

  delete(item: Item): void {
    this.#parts[item.part]?.delete(item);
  }

  /** All connections. */
  *[Symbol.iterator](): Generator<Item> {
    for (const part of this.#parts) yield* part;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
