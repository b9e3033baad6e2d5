/** Everything that a start has opened. Closed from the last to the first, also if the start fails half way. */
export class Opened {
  readonly #closings: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  /** Adds an open part and how to close it. Returns the part. */
  add<Part>(part: Part, close: (part: Part) => unknown): Part {
    this.#closings.push(() => close(part));
    return part;
  }

  /** Closes everything, even if some fail. May be called twice. Throws the first failure. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.#closings.toReversed()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
