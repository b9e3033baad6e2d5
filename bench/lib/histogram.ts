import { createHistogram } from 'node:perf_hooks';

/** Half an hour in µs. */
const HIGHEST = 30 * 60 * 1_000_000;

/** Records times from 1 µs to half an hour, with three significant figures. */
export class Histogram {
  readonly #times = createHistogram({ lowest: 1, highest: HIGHEST, figures: 3 });
  #max = 0;

  get count(): number {
    return this.#times.count;
  }

  get max(): number {
    return this.#max;
  }

  record(ms: number): void {
    this.#times.record(Math.min(Math.max(1, Math.round(ms * 1000)), HIGHEST));
    if (ms > this.#max) this.#max = ms;
  }

  /** The value in ms that this share (0 to 1) of all values does not exceed; NaN if there are none. */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    return Math.min(this.#max, this.#times.percentile(share * 100) / 1000);
  }
}
