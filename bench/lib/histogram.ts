/** Steps to a doubling: a value is kept to within 3 %. */
const STEPS = 32;
const EXACT = 64;
const EXACT_BITS = 6;

/** Times in ms, counted in buckets that grow with the value; from 1 µs to half an hour. */
export class Histogram {
  readonly #counts = new Float64Array(EXACT + 26 * STEPS);
  #total = 0;
  #max = 0;

  get count(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  record(ms: number): void {
    const us = Math.max(0, ms * 1000) | 0;
    const index = bucketOf(us);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total += 1;
    if (ms > this.#max) this.#max = ms;
  }

  /** The value in ms that this share (0 to 1) of all does not exceed; NaN of nothing. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = Math.ceil(share * this.#total);
    for (const [index, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, upperEdge(index) / 1000);
    }
    return this.#max;
  }
}

function bucketOf(us: number): number {
  if (us < EXACT) return us;
  const exponent = 31 - Math.clz32(us);
  return EXACT + (exponent - EXACT_BITS) * STEPS + ((us >> (exponent - 5)) & (STEPS - 1));
}

function upperEdge(index: number): number {
  if (index < EXACT) return index + 1;
  const exponent = Math.floor((index - EXACT) / STEPS) + EXACT_BITS;
  const step = (index - EXACT) % STEPS;
  return 2 ** exponent + (step + 1) * 2 ** (exponent - 5);
}
