import { commands, isCommandName } from '@madang/protocol';

/**
 * Whether a call may change what a later one may do, or is about. Sending is not among them: messages are handed to the log
 * in the order in which they came, and need not wait for each other.
 */
function isAct(name: unknown): boolean {
  if (!isCommandName(name)) return false;
  const { budget } = commands[name];
  return budget === 'write' || budget === 'session';
}

/** A call that waits for its turn. */
interface Waiting {
  isAct: boolean;
  begin(): void;
}

/**
 * Lets the calls of one connection take effect in the order in which they came, though each has to look things up first.
 * Calls run side by side, except for acts (joining, leaving, editing, signing in …): an act begins when all earlier calls are
 * done, and a later call when the act is done. A client that sends and leaves without waiting has sent before it left.
 */
export class CallOrder {
  #running = 0;
  #isActing = false;
  readonly #waiting: Waiting[] = [];

  /** Runs a call by this name in its turn: at once unless it has to wait. */
  async run<Result>(name: unknown, call: () => Promise<Result>): Promise<Result> {
    const act = isAct(name);
    if (this.#waiting.length > 0 || !this.#mayBegin(act)) {
      await new Promise<void>((begin) => this.#waiting.push({ isAct: act, begin }));
    } else this.#begin(act);
    try {
      return await call();
    } finally {
      this.#end();
    }
  }

  #mayBegin(act: boolean): boolean {
    return !this.#isActing && (!act || this.#running === 0);
  }

  #begin(act: boolean): void {
    this.#running += 1;
    this.#isActing = act;
  }

  #end(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#isActing = false;
    for (let next = this.#waiting[0]; next && this.#mayBegin(next.isAct); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#begin(next.isAct);
      next.begin();
    }
  }
}
