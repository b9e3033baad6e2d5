/** The most expensive calls that begin in one turn of the event loop. */
const PER_TURN = 16;

/**
 * Lets expensive calls (starting a session, reading a page) begin a few at a time: when thousands reconnect in the same
 * second, connected users must not have to wait for all of them.
 */
export class AdmissionQueue {
  #begun = 0;
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Resolves when the caller may begin: at once, unless too many have in this turn. */
  async take(): Promise<void> {
    if (!this.#isScheduled) this.#schedule();
    if (this.#begun < PER_TURN) {
      this.#begun += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #turn(): void {
    const next = this.#waiting.splice(0, PER_TURN);
    this.#begun = next.length;
    this.#isScheduled = false;
    if (next.length > 0) this.#schedule();
    for (const begin of next) begin();
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }
}
