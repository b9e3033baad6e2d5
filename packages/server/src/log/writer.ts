import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Append, AppendResult, Store } from '../store/store.js';

/** A commit holds so many appends at most, so that it is done within the time that a store may take for one. */
const MAX_BATCH = 5000;

/**
 * Group commit: while one batch is on its way to the disk, the next gathers. When idle, a lone append goes at once; no
 * timer is involved. Under load the loop reads its sockets once more before the next batch goes: what came in while the
 * last one was handed out joins it, and the cost of a delivery falls with the size of the batch.
 */
export class Writer {
  readonly #store: Store;
  readonly #onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void;
  readonly #gathering: { append: Append; settle(result: AppendResult | Error): void }[] = [];
  #committing: Promise<void> | undefined;

  /** `onCommitted` hears each batch before its appends are answered. */
  constructor(store: Store, onCommitted: (batch: readonly Append[], results: readonly AppendResult[]) => void) {
    this.#store = store;
    this.#onCommitted = onCommitted;
  }

  /** Resolves when the append is on disk, or was found unchanged or refused. Rejects with `unavailable`. */
  append(append: Append): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({
        append,
        settle: (result) => (result instanceof Error ? reject(result) : resolve(result)),
      });
      this.#committing ??= this.#run();
    });
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#committing) await this.#committing;
  }

  async #run(): Promise<void> {
    while (this.#gathering.length > 0) {
      const batch = this.#gathering.splice(0, MAX_BATCH);
      try {
        const appends = batch.map((each) => each.append);
        const results = await this.#store.commit(appends);
        this.#onCommitted(appends, results);
        for (const [index, each] of batch.entries()) each.settle(results[index] as AppendResult);
        if (batch.length > 1) await nextTurn();
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        for (const each of batch) each.settle(reason);
      }
    }
    this.#committing = undefined;
  }
}
