/** What arrived, in order, and a way to wait for more of it. */
export class Inbox<Item> {
  readonly all: Item[] = [];
  readonly #waiting = new Set<() => void>();

  push(item: Item): void {
    this.all.push(item);
    for (const look of this.#waiting) look();
  }

  /** The first item that fits, of those that are here or those to come. Rejects after `timeoutMs`, telling what came. */
  async first(fits: (item: Item) => boolean, timeoutMs = 10_000): Promise<Item> {
    await this.until((all) => all.some(fits), timeoutMs);
    return this.all.find(fits) as Item;
  }

  /** Resolves when `holds` is true of all that arrived. */
  until(holds: (all: readonly Item[]) => boolean, timeoutMs = 10_000): Promise<void> {
    if (holds(this.all)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = () => {
        if (!holds(this.all)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        const last = JSON.stringify(this.all.slice(-5)).slice(0, 2000);
        reject(new Error(`Waited ${timeoutMs} ms for ${holds.toString()}; ${this.all.length} came, at last ${last}`));
      }, timeoutMs);
      this.#waiting.add(look);
    });
  }
}
