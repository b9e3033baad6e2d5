/** What a start has opened. It is closed from the last to the first, also where the start fails half way. */
export class Opened {
  readonly #closings: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  /** Takes what is open, and how it is closed. Answers it. */
  add<Part>(part: Part, close: (part: Part) => unknown): Part {
    this.#closings.push(() => close(part));
    return part;
  }

  /** Closes everything, whatever fails meanwhile. Safe to call twice. Throws the first of what failed. */
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
