import { type CommandName, commands } from '@madang/protocol';

/**
 * The commands that may change what a later call may do, or is about. Sending is not among them: messages are handed to the
 * log in the order in which they arrive, and need not wait for each other.
 */
const acts: ReadonlySet<unknown> = new Set(
  Object.keys(commands).filter((name) => {
    const { budget } = commands[name as CommandName];
    return budget === 'write' || budget === 'session';
  }),
);

/** A call that waits for its turn. */
interface Waiting {
  isAct: boolean;
  begin(): void;
}

/**
 * Lets the calls of one connection take effect in the order in which they arrive, though each has to look things up first.
 * Calls run side by side, except for acts (joining, leaving, editing, signing in …): an act begins when all earlier calls are
 * done, and a later call when the act is done. A client that sends and leaves without waiting has sent before it left.
 */
export class CallOrder {
  #running = 0;
  #isActing = false;
  readonly #waiting: Waiting[] = [];

  /** Resolves when it is the turn of a call by this name; undefined if it is now. Each call ends with {@link end}. */
  begin(name: unknown): Promise<void> | undefined {
    const isAct = acts.has(name);
    if (this.#waiting.length > 0 || !this.#mayBegin(isAct)) {
      return new Promise((begin) => this.#waiting.push({ isAct, begin }));
    }
    this.#began(isAct);
    return undefined;
  }

  /** A call that had begun is done. */
  end(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#isActing = false;
    for (let next = this.#waiting[0]; next && this.#mayBegin(next.isAct); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#began(next.isAct);
      next.begin();
    }
  }

  #mayBegin(isAct: boolean): boolean {
    return !this.#isActing && (!isAct || this.#running === 0);
  }

  #began(isAct: boolean): void {
    this.#running += 1;
    this.#isActing = isAct;
  }
}
