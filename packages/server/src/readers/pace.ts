import { setTimeout as sleep } from 'node:timers/promises';

/** After each step it rests so many times as long as that took, so that the store is others' most of the time. */
const REST = 4;

/** Bounds of a rest, in ms. */
const REST_MS = { least: 5, most: 2000 };

/**
 * Runs one step of work that nobody waits for, and rests for a multiple of its time. All that readers ask of the store
 * goes through here: it is never in the way of a send.
 * @throws what the step throws; the signal's reason once it is aborted
 */
export async function paced<Result>(signal: AbortSignal, step: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const start = performance.now();
  const result = await step();
  const restMs = Math.min(Math.max(REST * (performance.now() - start), REST_MS.least), REST_MS.most);
  await sleep(restMs, undefined, { signal, ref: false });
  return result;
}
