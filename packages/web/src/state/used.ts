import { forget, readStored, store } from './storage.js';

/** What the user has chosen in this browser, and how often: what is used more comes first in the palette. */
type Uses = Record<string, { count: number; at: number }>;

const STORED_AS = 'madang.used';

/** A use counts half after this long, in ms: a week. */
const HALF_MS = 7 * 24 * 3600 * 1000;

/** The most that is kept; what was used least recently is forgotten first. */
const MAX_KEPT = 200;

/** Notes that something was chosen. */
export function noteUse(key: string): void {
  const now = Date.now();
  const uses = read();
  uses[key] = { count: weightOf(uses[key], now) + 1, at: now };
  const kept = Object.entries(uses)
    .toSorted(([, a], [, b]) => b.at - a.at)
    .slice(0, MAX_KEPT);
  store(STORED_AS, JSON.stringify(Object.fromEntries(kept)));
}

/** Returns how much something was used lately, 0 if never. */
export function usesNow(): (key: string) => number {
  const now = Date.now();
  const uses = read();
  return (key) => weightOf(uses[key], now);
}

/** Forgets it: the next user who signs in is somebody else. */
export function forgetUses(): void {
  forget(STORED_AS);
}

function weightOf(use: Uses[string] | undefined, now: number): number {
  // A clock that was set back makes nothing more important.
  return use ? use.count * 0.5 ** (Math.max(0, now - use.at) / HALF_MS) : 0;
}

/** What is stored may come from another version, or from somebody's hands. */
function read(): Uses {
  const uses: Uses = {};
  try {
    for (const [key, use] of Object.entries(JSON.parse(readStored(STORED_AS) ?? '{}') as Uses)) {
      if (Number.isFinite(use.count) && Number.isFinite(use.at)) uses[key] = { count: use.count, at: use.at };
    }
  } catch {
    // Nothing was used yet.
  }
  return uses;
}
