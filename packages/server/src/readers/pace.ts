import { setTimeout as sleep } from 'node:timers/promises';

/** How long to rest after a step, as a multiple of its duration: most of the time the store is free for others. */
const REST = 4;

/** The shortest and the longest rest, in ms. */
const REST_MS = { least: 5, most: 2000 };

/**
 * Runs one step of background work, then rests for a multiple of its duration. Readers use the store only through this,
 * so that they don't delay sends.
 * @throws whatever the step throws; the signal's reason once it is aborted
 */
export async function paced<Result>(signal: AbortSignal, step: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const start = performance.now();
  const result = await step();
  const restMs = Math.min(Math.max(REST * (performance.now() - start), REST_MS.least), REST_MS.most);
  await sleep(restMs, undefined, { signal, ref: false });
  return result;
}
