/** Random choices, repeatable by a seed. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): T[];
  chance(probability: number): boolean;
  /** Another source, whose choices don't depend on how many this one has made since. */
  fork(label: string): Random;
}

/** Makes a source of random choices (mulberry32; good enough for schedules, not for secrets). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (items) => {
      if (items.length === 0) throw new Error('There is nothing to pick from');
      return items[Math.floor(next() * items.length)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const placed = items.map((item) => ({ item, place: next() }));
      return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
    },
    chance: (probability) => next() < probability,
    fork: (label) => createRandom(hashOf(`${seed}/${label}`)),
  };
}

/** Resolves after `ms`, or when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/** The result of a promise, or `otherwise` after `ms`. Leaves no timer behind, which would keep a process alive. */
export async function within<T, O>(promise: Promise<T>, ms: number, otherwise: O): Promise<T | O> {
  const settled = new AbortController();
  const late = pause(ms, settled.signal).then(() => otherwise);
  return Promise.race([promise, late]).finally(() => settled.abort());
}

/** Waits until a condition holds. Resolves to whether it did before the deadline. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  stepMs = 50,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (await condition()) return true;
    await pause(stepMs);
  }
  return condition();
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
