import {
  atRandom,
  check,
  type Entry,
  listViolations,
  pause,
  readHistory,
  type RunOptions,
  type Verdict,
  type World,
} from '@madang/verify';
import { join } from 'node:path';
import { runBuilt } from '../run-built.ts';
import { breakServer } from './mutate.ts';
import type { Mutant } from './mutants.ts';

/** What only chance brings to light may need another try. */
const TRIES = 3;

/** How long a mutant has until it is caught, in ms. */
export const TRIAL_MS = 6000;

/** How often it is looked whether a mutant is caught already, in ms. */
const LOOK_MS = 250;

/** How a mutant is tried. */
export interface Trial {
  folder: string;
  seed: number;
  shimLibrary: string;
}

/** Runs the workload against a server that a mutant has broken, until it is caught; answers what the checker says. */
export async function tryMutant(mutant: Mutant, trial: Trial): Promise<Verdict> {
  const { folder, seed } = trial;
  const { diskFault, fault } = mutant;
  const cli = breakServer(folder, mutant.edits);
  const caught = new AbortController();
  const { history } = await runBuilt({
    folder: join(folder, 'run'),
    seed,
    cli,
    durationMs: TRIAL_MS,
    signal: caught.signal,
    clientsPerTransport: 1,
    sdkClients: 0,
    rooms: 3,
    pace: { meanMs: 30, inFlight: 3 },
    quietMs: 2000,
    settles: diskFault !== undefined,
    shimLibrary: trial.shimLibrary,
    disturb: (shim) => {
      const chosen = diskFault ? diskFault(shim) : fault;
      return untilCaught(mutant, caught, chosen ? atRandom([chosen], 700) : () => Promise.resolve());
    },
  });
  return check(readHistory(history));
}

/**
 * Ends a run as soon as it shows what a mutant must be caught as. That only saves time: what counts is what the checker says
 * of the whole history.
 */
export function untilCaught(
  mutant: Pick<Mutant, 'caughtAs'>,
  caught: AbortController,
  disturb: RunOptions['disturb'],
): RunOptions['disturb'] {
  return async (world, isOver) => {
    const look = async () => {
      while (!isOver()) {
        await pause(LOOK_MS);
        // In the middle of a fault the log may not be readable: then the next look tells.
        const entries = await entriesUpToNow(world).catch(() => []);
        if (isCaught(mutant, check(entries))) caught.abort();
      }
    };
    await Promise.all([disturb(world, isOver), look()]);
  };
}

/** What is in a history by now, and the log that it is judged by, which must be read after it. */
async function entriesUpToNow({ history, keeper, rooms }: World): Promise<Entry[]> {
  history.flush();
  const entries = readHistory(history.path);
  for (const room of rooms) {
    for (const event of await keeper.readLog(room)) entries.push({ type: 'logged', t: 0, event });
  }
  return entries;
}

/** Tries a mutant, with another seed each time, until it is caught; answers what the checker said where it was not. */
export async function isCaughtInTime(
  mutant: Pick<Mutant, 'caughtAs'>,
  seed: number,
  attempt: (seed: number) => Promise<Verdict>,
): Promise<{ isCaught: boolean; said: string[] }> {
  const said: string[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const verdict = await attempt(seed + tries);
    if (isCaught(mutant, verdict)) return { isCaught: true, said };
    said.push(JSON.stringify(verdict.counts), ...listViolations(verdict.violations));
  }
  return { isCaught: false, said };
}

/** Whether the checker says what it must say of a mutant. */
export function isCaught(mutant: Pick<Mutant, 'caughtAs'>, verdict: Verdict): boolean {
  return mutant.caughtAs.some((kind) => verdict.counts[kind] > 0);
}
