/** Everything that arrived, in order, with ways to wait for more. */
export class Inbox<Item> {
  readonly all: Item[] = [];
  readonly #waiting = new Set<(item: Item) => void>();

  push(item: Item): void {
    this.all.push(item);
    for (const look of this.#waiting) look(item);
  }

  /**
   * The first item that fits, among those here and those still to come. Rejects after `timeoutMs` with what arrived.
   */
  first(fits: (item: Item) => boolean, timeoutMs = 10_000): Promise<Item> {
    const here = this.all.find(fits);
    if (here !== undefined) return Promise.resolve(here);
    return this.#wait((item) => fits(item), fits, timeoutMs);
  }

  /** Resolves when `holds` is true for everything that has arrived. */
  async until(holds: (all: readonly Item[]) => boolean, timeoutMs = 10_000): Promise<void> {
    if (!holds(this.all)) await this.#wait(() => holds(this.all), holds, timeoutMs);
  }

  #wait(isIt: (item: Item) => boolean, asked: { toString(): string }, timeoutMs: number): Promise<Item> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = (item: Item) => {
        if (!isIt(item)) return;
        end();
        resolve(item);
      };
      const timer = setTimeout(() => {
        end();
        const last = JSON.stringify(this.all.slice(-5)).slice(0, 2000);
        reject(new Error(`Waited ${timeoutMs} ms for ${asked.toString()}; ${this.all.length} arrived, last ${last}`));
      }, timeoutMs);
      this.#waiting.add(look);
    });
  }
}
