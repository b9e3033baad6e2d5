import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Append, AppendResult, Store } from '../store/store.js';

/** The most appends in a commit, so that it finishes within the time limit of a store. */
const MAX_BATCH = 5000;

/** The most reads of the sockets that a batch waits for. */
const MAX_TURNS = 8;

/**
 * Group commit: while one batch is written to disk, the next one collects. No timer is involved: before a batch is
 * written, the event loop reads the sockets, and reads them again for as long as that brings more. A lone append is
 * written at once. Under load, appends that arrive while the last batch is delivered join the next, and the cost of a
 * delivery falls with the size of the batch.
 */
export class Writer {
  readonly #store: Store;
  readonly #onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void;
  readonly #onUnanswered: () => void;
  readonly #gathering: { append: Append; resolve(result: AppendResult): void; reject(reason: Error): void }[] = [];
  #committing: Promise<void> | undefined;

  /** Calls `onCommitted` with each batch before its appends resolve, `onUnanswered` if a commit failed but may have happened (S7). */
  constructor(
    store: Store,
    onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void,
    onUnanswered: () => void,
  ) {
    this.#store = store;
    this.#onCommitted = onCommitted;
    this.#onUnanswered = onUnanswered;
  }

  /** Resolves once the append is on disk, or turned out to change nothing or be refused. Rejects with `unavailable`. */
  append(append: Append): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ append, resolve, reject });
      this.#committing ??= this.#run();
    });
  }

  /** Resolves once nothing is being written any more. */
  async idle(): Promise<void> {
    while (this.#committing) await this.#committing;
  }

  async #run(): Promise<void> {
    while (this.#gathering.length > 0) {
      await this.#gather();
      const batch = this.#gathering.splice(0, MAX_BATCH);
      try {
        const appends = batch.map((each) => each.append);
        const results = await this.#store.commit(appends);
        this.#onCommitted(appends, results);
        for (const [index, each] of batch.entries()) each.resolve(results[index] as AppendResult);
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        this.#onUnanswered();
        for (const each of batch) each.reject(reason);
      }
    }
    this.#committing = undefined;
  }

  /** Lets the event loop read the sockets until that brings nothing more. */
  async #gather(): Promise<void> {
    let before = 0;
    for (let turns = 0; turns < MAX_TURNS && this.#gathering.length > before; turns += 1) {
      before = this.#gathering.length;
      await nextTurn();
    }
  }
}
