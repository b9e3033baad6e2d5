/** What a start has opened. It is closed in reverse order, also if the start fails half way. */
export class Opened {
  readonly #closings: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  /** Registers a part to be closed. Returns the part. */
  add<Part extends { close(): unknown }>(part: Part): Part {
    this.onClose(() => part.close());
    return part;
  }

  /** Registers something to do at the close. */
  onClose(act: () => unknown): void {
    this.#closings.push(act);
  }

  /** Closes everything, whatever fails meanwhile. Safe to call twice. Throws the first error. */
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
