import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Append, AppendResult, Store } from '../store/store.js';

/** A commit holds so many appends at most, so that it is done within the time that a store may take for one. */
const MAX_BATCH = 5000;

/** A batch waits for so many looks at the sockets at most. */
const MAX_TURNS = 8;

/**
 * Group commit: while one batch is on its way to the disk, the next gathers. No timer is involved: before a batch goes,
 * the loop reads its sockets, and again for as long as that brings more. A lone append so goes at once; under load what
 * came in while the last batch was handed out joins the next, and the cost of a delivery falls with the size of a batch.
 */
export class Writer {
  readonly #store: Store;
  readonly #onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void;
  readonly #onUnanswered: () => void;
  readonly #gathering: { append: Append; resolve(result: AppendResult): void; reject(reason: Error): void }[] = [];
  #committing: Promise<void> | undefined;

  /** `onCommitted` hears each batch before its appends are answered, `onUnanswered` that one failed, perhaps after it was committed (S7). */
  constructor(
    store: Store,
    onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void,
    onUnanswered: () => void,
  ) {
    this.#store = store;
    this.#onCommitted = onCommitted;
    this.#onUnanswered = onUnanswered;
  }

  /** Resolves when the append is on disk, or was found unchanged or refused. Rejects with `unavailable`. */
  append(append: Append): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ append, resolve, reject });
      this.#committing ??= this.#run();
    });
  }

  /** Resolves when nothing is on its way any more. */
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

  /** Lets the loop read its sockets, until that brings nothing more. */
  async #gather(): Promise<void> {
    let before = 0;
    for (let turns = 0; turns < MAX_TURNS && this.#gathering.length > before; turns += 1) {
      before = this.#gathering.length;
      await nextTurn();
    }
  }
}
