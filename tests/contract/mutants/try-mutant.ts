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

/** What only chance exposes may need another try. */
const TRIES = 3;

/** How long it may take to catch a mutant, in ms. */
export const TRIAL_MS = 6000;

/** Interval between checks whether a mutant has been caught, in ms. */
const LOOK_MS = 250;

/** How a mutant is tried. */
export interface Trial {
  folder: string;
  seed: number;
  shimLibrary: string;
}

/** Runs the workload against a server broken by a mutant, until it is caught. Resolves to the checker's verdict. */
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
 * Ends a run as soon as it shows what a mutant must be caught as. That only saves time: the verdict is about the whole
 * history.
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
        // During a fault the log may not be readable: then the next check decides.
        const entries = await entriesUpToNow(world).catch(() => []);
        if (isCaught(mutant, check(entries))) caught.abort();
      }
    };
    await Promise.all([disturb(world, isOver), look()]);
  };
}

/** The history so far, and the log that it is judged by, which must be read after it. */
async function entriesUpToNow({ history, keeper, rooms }: World): Promise<Entry[]> {
  history.flush();
  const entries = readHistory(history.path);
  for (const room of rooms) {
    for (const event of await keeper.readLog(room)) entries.push({ type: 'logged', t: 0, event });
  }
  return entries;
}

/**
 * Tries a mutant, with another seed each time, until it is caught. Resolves to the verdicts of the tries that failed.
 */
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

/** Whether the verdict on a mutant is as expected. */
export function isCaught(mutant: Pick<Mutant, 'caughtAs'>, verdict: Verdict): boolean {
  return mutant.caughtAs.some((kind) => verdict.counts[kind] > 0);
}
