/** The newest of many items: beyond `size` each new one replaces the oldest. Adding costs one write. */
export class Ring<Item> {
  readonly #size: number;
  readonly #onDrop: (item: Item) => void;
  readonly #items: (Item | undefined)[] = [];
  /** The number of the oldest item kept, and of all items so far. */
  #first = 0;
  #end = 0;

  /** `onDrop` is called with each item that is dropped. */
  constructor(size: number, onDrop: (item: Item) => void) {
    this.#size = size;
    this.#onDrop = onDrop;
  }

  /** The items, newest first. */
  *newestFirst(): Generator<Item> {
    for (let index = this.#end - 1; index >= this.#first; index -= 1) yield this.#items[index % this.#size] as Item;
  }

  add(item: Item): void {
    if (this.#end - this.#first === this.#size) this.#dropOldest();
    this.#items[this.#end % this.#size] = item;
    this.#end += 1;
  }

  /** Drops items from the oldest on, as long as they are old. */
  dropWhile(isOld: (item: Item) => boolean): void {
    while (this.#first < this.#end && isOld(this.#items[this.#first % this.#size] as Item)) this.#dropOldest();
  }

  #dropOldest(): void {
    const index = this.#first % this.#size;
    const oldest = this.#items[index] as Item;
    this.#items[index] = undefined;
    this.#first += 1;
    this.#onDrop(oldest);
  }
}
